import CausewayCore

/// Time zones with explicit transitions, copied from the IANA database.
struct TransitionRules: TimeZoneRules {
    struct Zone {
        /// Seconds ahead of UTC before the first transition.
        var initial: (offset: Int, abbreviation: String)
        var transitions: [(at: Int64, offset: Int, abbreviation: String)]
    }
    var zones: [String: Zone]

    func isKnown(_ zone: String) -> Bool { zones[zone] != nil }

    func offset(
        of zone: String, at instant: Timestamp
    ) throws(CausewayError) -> (seconds: Int, abbreviation: String) {
        guard let found = zones[zone] else { throw .invalid("time_zone", "\(zone) is not known") }
        let last = found.transitions.last { $0.at <= instant.seconds }
        return last.map { ($0.offset, $0.abbreviation) } ?? (found.initial.offset, found.initial.abbreviation)
    }

    static let world = TransitionRules(zones: [
        "UTC": Zone(initial: (0, "UTC"), transitions: []),
        "Europe/Paris": Zone(
            initial: (3_600, "CET"),
            transitions: [
                (utc("2026-03-29T01:00:00Z"), 7_200, "CEST"), (utc("2026-10-25T01:00:00Z"), 3_600, "CET"),
            ]),
        "America/New_York": Zone(
            initial: (-18_000, "EST"),
            transitions: [
                (utc("2026-03-08T07:00:00Z"), -14_400, "EDT"), (utc("2026-11-01T06:00:00Z"), -18_000, "EST"),
            ]),
        "Australia/Lord_Howe": Zone(
            initial: (39_600, "+11"),
            transitions: [
                (utc("2026-04-04T15:00:00Z"), 37_800, "+1030"), (utc("2026-10-03T15:30:00Z"), 39_600, "+11"),
            ]),
        "Asia/Kolkata": Zone(initial: (19_800, "IST"), transitions: []),
        // The date 2011-12-30 was skipped.
        "Pacific/Apia": Zone(
            initial: (-36_000, "-10"), transitions: [(utc("2011-12-30T10:00:00Z"), 50_400, "+14")]),
        // The hour before midnight of 2024-03-31 was skipped.
        "America/Scoresbysund": Zone(
            initial: (-3_600, "-01"),
            transitions: [
                (utc("2024-03-31T00:00:00Z"), -7_200, "-02"), (utc("2025-03-30T01:00:00Z"), -3_600, "-01"),
            ]),
        // Clocks went back over midnight: 2025-10-26T00:00+03:00 became 2025-10-25T23:00+02:00.
        "Asia/Beirut": Zone(initial: (10_800, "EEST"), transitions: [(utc("2025-10-25T21:00:00Z"), 7_200, "EET")]),
        // Local mean time until 1911.
        "Europe/Paris-1911": Zone(
            initial: (561, "PMT"), transitions: [(utc("1911-03-10T23:50:39Z"), 0, "WET")]),
        // A whole date twice: 1969-09-30 of Kwajalein, simplified.
        "Test/Repeated": Zone(initial: (39_600, "+11"), transitions: [(utc("1969-09-30T13:00:00Z"), -43_200, "-12")]),
        // Offsets at both ends of what is allowed, one after the other.
        "Test/Far": Zone(initial: (-64_800, "-18"), transitions: [(utc("2026-06-01T00:00:00Z"), 64_800, "+18")]),
    ])
}

/// Seconds since 1970 of "2026-03-29T01:00:00Z"; traps on other forms.
func utc(_ text: String) -> Int64 {
    let numbers = text.split(whereSeparator: { "-T:Z".contains($0) }).compactMap { Int($0) }
    guard numbers.count == 6, let date = LocalDate(year: numbers[0], month: numbers[1], day: numbers[2]),
        let time = LocalTime(hour: numbers[3], minute: numbers[4], second: numbers[5])
    else { preconditionFailure("not an instant: \(text)") }
    return Int64(date.daysSinceEpoch) * 86_400 + Int64(time.secondOfDay)
}

func at(_ text: String) -> Timestamp { Timestamp(seconds: utc(text)) }
