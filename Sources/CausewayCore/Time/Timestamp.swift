/// An instant of civil time, in microseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Hashable, Comparable, Sendable, Codable {
    package var micros: Int64
    package init(micros: Int64) { self.micros = micros }
    package init(seconds: Int64) { self.micros = seconds * 1_000_000 }

    package static func < (a: Timestamp, b: Timestamp) -> Bool { a.micros < b.micros }
    package static func + (a: Timestamp, b: Duration) -> Timestamp { Timestamp(micros: a.micros + b.microseconds) }
    package static func - (a: Timestamp, b: Duration) -> Timestamp { Timestamp(micros: a.micros - b.microseconds) }
    package static func - (a: Timestamp, b: Timestamp) -> Duration { .microseconds(a.micros - b.micros) }

    /// Whole seconds, rounded down.
    package var seconds: Int64 { micros.quotientAndRemainder(dividingByFloor: 1_000_000).quotient }

    /// RFC 3339 in UTC with the digits of the fraction that are not zero: "2026-03-29T01:00:00Z".
    package var rfc3339: String {
        let (seconds, fraction) = micros.quotientAndRemainder(dividingByFloor: 1_000_000)
        let (days, second) = seconds.quotientAndRemainder(dividingByFloor: 86_400)
        let date = LocalDate(daysSinceEpoch: Int(days))
        let time = LocalTime(secondOfDay: Int(second))
        var text = "\(date)T\(time.withSeconds)"
        if fraction != 0 {
            var digits = String(1_000_000 + fraction).dropFirst()
            while digits.last == "0" { digits = digits.dropLast() }
            text += ".\(digits)"
        }
        return text + "Z"
    }
}

extension Timestamp: CustomStringConvertible {
    package var description: String { rfc3339 }
}

extension Int64 {
    /// Quotient rounded towards negative infinity, and the remainder that is never negative.
    package func quotientAndRemainder(dividingByFloor divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
