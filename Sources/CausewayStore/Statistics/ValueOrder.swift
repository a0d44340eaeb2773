import CausewayCore

/// How the values of a field are ordered, by its type.
enum ValueOrder: UInt8, Sendable {
    case bytes = 0
    case number = 1
    case time = 2

    init(_ type: FieldType?) {
        switch type {
        case .integer, .decimal: self = .number
        case .date, .dateTime: self = .time
        default: self = .bytes
        }
    }

    /// What a value is ordered by before its bytes: a number times 10^9, the nanoseconds of a time, else the first bytes.
    ///
    /// - Returns: also whether the key is the value, so that a sum may use it. A value that is not of the order's form
    ///   stands behind all that are.
    @inline(__always)
    func key(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> (key: Int128, fits: Bool) {
        switch self {
        case .bytes: (Int128(Self.prefix(bytes, count)), false)
        case .number: NumberKey.key(bytes, count)
        case .time: (TimeKey.nanoseconds(bytes, count) ?? .max, false)
        }
    }

    @inline(__always)
    static func prefix(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
        if count >= 8 { return UInt64(bigEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self)) }
        var word: UInt64 = 0
        for index in 0..<count { word |= UInt64(bytes[index]) &<< UInt64(56 &- 8 &* index) }
        return word
    }
}

/// Numbers as JSON writes them, times 10^9. Digits beyond the ninth decimal place are dropped.
enum NumberKey {
    /// Below this the sum of 2^32 values cannot overflow. About 2 × 10^19.
    private static let greatest: Int128 = 1 << 94
    private static let scale: Int128 = 1_000_000_000
    private static let powers: [Int128] = [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
    ]

    @inline(__always)
    static func key(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> (key: Int128, fits: Bool) {
        let start = count > 0 && bytes[0] == UInt8(ascii: "-") ? 1 : 0
        guard count > start, count &- start <= 18 else { return slow(bytes, count) }
        var magnitude: UInt64 = 0
        var point = count
        for index in start..<count {
            let digit = bytes[index] &- 0x30
            if digit < 10 {
                magnitude = magnitude &* 10 &+ UInt64(digit)
            } else {
                guard bytes[index] == UInt8(ascii: "."), point == count, index > start else {
                    return slow(bytes, count)
                }
                point = index
            }
        }
        if point < count {
            let decimals = count &- point &- 1
            guard decimals <= 9 else { return slow(bytes, count) }
            let product = Int128(magnitude) &* powers[9 &- decimals]
            return (start == 0 ? product : 0 &- product, true)
        }
        let product = Int128(magnitude) &* scale
        return (start == 0 ? product : 0 &- product, true)
    }

    @inline(never)
    private static func slow(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> (key: Int128, fits: Bool) {
        var at = count > 0 && bytes[0] == UInt8(ascii: "-") ? 1 : 0
        let isNegative = at == 1
        var digits = 0
        var decimals = 0
        var hasPoint = false
        var magnitude: Int128 = 0
        // The digits before the exponent, as a whole number with `decimals` of them behind the point.
        while at < count {
            let byte = bytes[at]
            if byte &- 0x30 < 10 {
                digits += 1
                if magnitude < greatest {
                    magnitude = magnitude * 10 + Int128(byte - 0x30)
                    if hasPoint { decimals += 1 }
                } else if !hasPoint {
                    decimals -= 1
                }
            } else if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else {
                break
            }
            at += 1
        }
        guard digits > 0 else { return (.max, false) }
        guard let exponent = exponent(bytes, at, count) else { return (.max, false) }
        var shift = 9 - decimals + exponent
        if magnitude == 0 { shift = 0 }
        while shift > 0, magnitude < greatest {
            magnitude *= 10
            shift -= 1
        }
        while shift < 0, magnitude > 0 {
            let step = min(9, -shift)
            magnitude /= powers[step]
            shift += step
        }
        let fits = magnitude < greatest
        if !fits { magnitude = greatest }
        return (isNegative ? -magnitude : magnitude, fits)
    }

    /// The exponent at `at`, 0 at the end; nil for anything else. At most four digits count.
    private static func exponent(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ count: Int) -> Int? {
        guard start < count else { return 0 }
        guard bytes[start] | 0x20 == UInt8(ascii: "e") else { return nil }
        var at = start + 1
        var isNegative = false
        if at < count, bytes[at] == UInt8(ascii: "-") || bytes[at] == UInt8(ascii: "+") {
            isNegative = bytes[at] == UInt8(ascii: "-")
            at += 1
        }
        guard at < count, count - at <= 4 else { return nil }
        var value = 0
        while at < count {
            guard bytes[at] &- 0x30 < 10 else { return nil }
            value = value * 10 + Int(bytes[at] - 0x30)
            at += 1
        }
        return isNegative ? -value : value
    }
}

/// Dates and date-times, as ``FieldType`` knows them; without a zone they count as UTC.
enum TimeKey {
    static func nanoseconds(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int128? {
        guard count >= 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let century = pair(bytes, 0, count), let rest = pair(bytes, 2, count), let month = pair(bytes, 5, count),
            let day = pair(bytes, 8, count)
        else { return nil }
        var seconds = days(year: century * 100 + rest, month: month, day: day) * 86_400
        guard count > 10 else { return Int128(seconds) * 1_000_000_000 }
        guard let hour = pair(bytes, 11, count), let minute = pair(bytes, 14, count) else { return nil }
        seconds += hour * 3_600 + minute * 60
        var at = 16
        var fraction = 0
        if at < count, bytes[at] == UInt8(ascii: ":") {
            guard let second = pair(bytes, 17, count) else { return nil }
            seconds += second
            at = 19
            if at < count, bytes[at] == UInt8(ascii: ".") {
                at += 1
                var unit = 100_000_000
                while at < count, bytes[at] &- 0x30 < 10 {
                    fraction += Int(bytes[at] - 0x30) * unit
                    unit /= 10
                    at += 1
                }
            }
        }
        guard let offset = offset(bytes, at, count) else { return nil }
        return Int128(seconds - offset) * 1_000_000_000 + Int128(fraction)
    }

    /// Seconds east of UTC.
    private static func offset(_ bytes: UnsafePointer<UInt8>, _ at: Int, _ count: Int) -> Int? {
        guard at < count, bytes[at] != UInt8(ascii: "Z") else { return 0 }
        guard bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-"), let hour = pair(bytes, at + 1, count)
        else { return nil }
        var seconds = hour * 3_600
        if at + 3 < count {
            let next = bytes[at + 3] == UInt8(ascii: ":") ? at + 4 : at + 3
            guard let minute = pair(bytes, next, count) else { return nil }
            seconds += minute * 60
        }
        return bytes[at] == UInt8(ascii: "-") ? -seconds : seconds
    }

    /// Days since 1970-01-01 in the Gregorian calendar: years begin in March, so that a leap day is the last.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = year >= 0 ? year / 400 : (year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    @inline(__always)
    private static func pair(_ bytes: UnsafePointer<UInt8>, _ at: Int, _ count: Int) -> Int? {
        guard at + 1 < count else { return nil }
        let tens = bytes[at] &- 0x30
        let ones = bytes[at + 1] &- 0x30
        return tens < 10 && ones < 10 ? Int(tens) * 10 + Int(ones) : nil
    }
}
