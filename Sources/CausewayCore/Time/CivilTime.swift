/// A date of the proleptic Gregorian calendar, without a zone.
package struct LocalDate: Hashable, Comparable, Sendable {
    /// Days since 1970-01-01.
    package let daysSinceEpoch: Int
    package init(daysSinceEpoch: Int) { self.daysSinceEpoch = daysSinceEpoch }

    /// Nil when the calendar has no such date.
    package init?(year: Int, month: Int, day: Int) {
        guard (1...12).contains(month), day >= 1, (-9999...9999).contains(year) else { return nil }
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[month - 1] else { return nil }
        // Days from civil, counting years from March so that the leap day is the last one.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        daysSinceEpoch = era * 146_097 + dayOfEra - 719_468
    }

    package var components: (year: Int, month: Int, day: Int) {
        let shifted = daysSinceEpoch + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch + (monthFromMarch < 10 ? 3 : -9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    package static func < (a: LocalDate, b: LocalDate) -> Bool { a.daysSinceEpoch < b.daysSinceEpoch }
    package func adding(days: Int) -> LocalDate { LocalDate(daysSinceEpoch: daysSinceEpoch + days) }
}

extension LocalDate: CustomStringConvertible {
    /// ISO 8601: "2026-03-29".
    package var description: String {
        let (year, month, day) = components
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }
}

/// A time of day on a wall clock, to the second.
package struct LocalTime: Hashable, Comparable, Sendable {
    package let secondOfDay: Int
    package init(secondOfDay: Int) { self.secondOfDay = secondOfDay }

    package init?(hour: Int, minute: Int, second: Int = 0) {
        guard (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second) else { return nil }
        secondOfDay = hour * 3_600 + minute * 60 + second
    }

    /// Reads "HH:MM".
    package init?(text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ (1...2).contains($0.utf8.count) && $0.utf8.allSatisfy { (48...57).contains($0) } }),
            let hour = Int(parts[0]), let minute = Int(parts[1])
        else { return nil }
        self.init(hour: hour, minute: minute)
    }

    package var hour: Int { secondOfDay / 3_600 }
    package var minute: Int { secondOfDay / 60 % 60 }
    package var withSeconds: String { "\(self):\(padded(secondOfDay % 60, 2))" }
    package static func < (a: LocalTime, b: LocalTime) -> Bool { a.secondOfDay < b.secondOfDay }
}

extension LocalTime: CustomStringConvertible {
    /// "HH:MM".
    package var description: String { "\(padded(hour, 2)):\(padded(minute, 2))" }
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(abs(number))
    return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// The rules of the world's time zones. Injected: the real ones need the platform's zone data, tests need none.
package protocol TimeZoneRules: Sendable {
    /// Whether `zone` is a known IANA name.
    func isKnown(_ zone: String) -> Bool
    /// Seconds that clocks in `zone` are ahead of UTC at `instant`, and the zone's abbreviation then.
    ///
    /// - Throws: ``CausewayError`` (invalid argument) when the zone is unknown.
    func offset(of zone: String, at instant: Timestamp) throws(CausewayError) -> (seconds: Int, abbreviation: String)
    /// The seconds of ``offset(of:at:)`` alone, for those who ask often.
    func seconds(of zone: String, at instant: Timestamp) throws(CausewayError) -> Int
}

extension TimeZoneRules {
    package func seconds(of zone: String, at instant: Timestamp) throws(CausewayError) -> Int {
        try offset(of: zone, at: instant).seconds
    }

    /// Date and time of day on the clocks of `zone` at `instant`.
    package func local(
        _ instant: Timestamp, in zone: String
    ) throws(CausewayError) -> (date: LocalDate, time: LocalTime) {
        let offset = try seconds(of: zone, at: instant)
        let (days, second) = (instant.seconds + Int64(offset)).quotientAndRemainder(dividingByFloor: 86_400)
        return (LocalDate(daysSinceEpoch: Int(days)), LocalTime(secondOfDay: Int(second)))
    }
}

/// UTC and nothing else.
package struct UTCRules: TimeZoneRules {
    package init() {}
    package func isKnown(_ zone: String) -> Bool { zone == "UTC" }
    package func offset(
        of zone: String, at instant: Timestamp
    ) throws(CausewayError) -> (seconds: Int, abbreviation: String) {
        guard isKnown(zone) else { throw .invalid("time_zone", "\"\(zone)\" is not known; use UTC.") }
        return (0, "UTC")
    }
}
