import CausewayCore
import Testing

@Suite struct DailyScheduleTests {
    let calculator = ScheduleCalculator(rules: TransitionRules.world, organisationZone: "Europe/Paris")

    func slots(_ time: String, _ zone: String, after start: String, _ count: Int) throws -> [String] {
        let schedule = Schedule(.daily(try #require(LocalTime(text: time)), zone: zone))
        var (slots, from) = ([String](), at(start))
        for _ in 0..<count {
            from = try #require(try calculator.nextSlot(of: schedule, after: from))
            slots.append(from.rfc3339)
        }
        return slots
    }

    @Test(
        "02:30 across the changes of 2026",
        arguments: [
            (
                "Europe/Paris", "2026-03-27T12:00:00Z",
                ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
            ),
            (
                "Europe/Paris", "2026-10-24T12:00:00Z",
                ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", "2026-10-27T01:30:00Z"]
            ),
            (
                "America/New_York", "2026-03-07T12:00:00Z",
                ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z", "2026-03-10T06:30:00Z"]
            ),
            (
                "America/New_York", "2026-10-31T12:00:00Z",
                ["2026-11-01T07:30:00Z", "2026-11-02T07:30:00Z", "2026-11-03T07:30:00Z"]
            ),
            (
                "Australia/Lord_Howe", "2026-04-03T12:00:00Z",
                ["2026-04-03T15:30:00Z", "2026-04-04T16:00:00Z", "2026-04-05T16:00:00Z"]
            ),
            (
                "Australia/Lord_Howe", "2026-10-02T12:00:00Z",
                ["2026-10-02T16:00:00Z", "2026-10-03T15:30:00Z", "2026-10-04T15:30:00Z"]
            ),
            (
                "Asia/Kolkata", "2026-03-28T12:00:00Z",
                ["2026-03-28T21:00:00Z", "2026-03-29T21:00:00Z", "2026-03-30T21:00:00Z"]
            ),
        ])
    func acrossChanges(zone: String, start: String, expected: [String]) throws {
        #expect(try slots("02:30", zone, after: start, 3) == expected)
    }

    @Test(
        "the first of two",
        arguments: [
            // 01:45 comes twice on Lord Howe, half an hour apart; 01:30 twice in New York.
            ("Australia/Lord_Howe", "01:45", "2026-04-04T12:00:00Z", ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]),
            ("America/New_York", "01:30", "2026-11-01T00:00:00Z", ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]),
            // Between the two, and at the second one: the next day's.
            ("America/New_York", "01:30", "2026-11-01T05:30:00Z", ["2026-11-02T06:30:00Z", "2026-11-03T06:30:00Z"]),
            ("America/New_York", "01:30", "2026-11-01T06:29:59Z", ["2026-11-02T06:30:00Z", "2026-11-03T06:30:00Z"]),
            // Clocks put back over midnight: 23:30 comes twice on the 25th, 00:00 of the 26th once.
            ("Asia/Beirut", "23:30", "2025-10-25T12:00:00Z", ["2025-10-25T20:30:00Z", "2025-10-26T21:30:00Z"]),
            ("Asia/Beirut", "23:30", "2025-10-25T21:10:00Z", ["2025-10-26T21:30:00Z", "2025-10-27T21:30:00Z"]),
            ("Asia/Beirut", "00:00", "2025-10-25T12:00:00Z", ["2025-10-25T22:00:00Z", "2025-10-26T22:00:00Z"]),
            ("Test/Repeated", "12:00", "1969-09-29T12:00:00Z", ["1969-09-30T01:00:00Z", "1969-10-02T00:00:00Z"]),
        ])
    func firstOfTwo(zone: String, time: String, start: String, expected: [String]) throws {
        #expect(try slots(time, zone, after: start, 2) == expected)
    }

    @Test(
        "gaps over midnight, skipped dates, offsets with seconds",
        arguments: [
            (
                "America/Scoresbysund", "23:30", "2025-03-29T12:00:00Z",
                ["2025-03-30T01:00:00Z", "2025-03-31T00:30:00Z", "2025-04-01T00:30:00Z"]
            ),
            (
                "America/Scoresbysund", "00:00", "2025-03-29T12:00:00Z",
                ["2025-03-30T01:00:00Z", "2025-03-31T01:00:00Z", "2025-04-01T01:00:00Z"]
            ),
            (
                "Pacific/Apia", "10:00", "2011-12-29T12:00:00Z",
                ["2011-12-29T20:00:00Z", "2011-12-30T20:00:00Z", "2011-12-31T20:00:00Z"]
            ),
            (
                "Pacific/Apia", "00:00", "2011-12-29T09:00:00Z",
                ["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"]
            ),
            (
                "Europe/Paris-1911", "23:55", "1911-03-09T00:00:00Z",
                ["1911-03-09T23:45:39Z", "1911-03-10T23:45:39Z", "1911-03-11T23:55:00Z"]
            ),
            (
                "Test/Far", "12:00", "2026-05-29T12:00:00Z",
                ["2026-05-30T06:00:00Z", "2026-05-31T06:00:00Z", "2026-06-01T00:00:00Z"]
            ),
        ])
    func oddities(zone: String, time: String, start: String, expected: [String]) throws {
        #expect(try slots(time, zone, after: start, 3) == expected)
    }

    @Test func slotsAreStrictlyAfter() throws {
        #expect(try slots("02:30", "UTC", after: "2026-01-01T02:30:00Z", 1) == ["2026-01-02T02:30:00Z"])
        #expect(try slots("02:30", "UTC", after: "2026-01-01T02:29:59Z", 1) == ["2026-01-01T02:30:00Z"])
        let schedule = Schedule(.daily(LocalTime(secondOfDay: 9_000), zone: "UTC"))
        let justBefore = Timestamp(micros: at("2026-01-01T02:30:00Z").micros - 1)
        #expect(try calculator.nextSlot(of: schedule, after: justBefore) == at("2026-01-01T02:30:00Z"))
    }

    @Test func withoutAZoneTheOrganisationsIsMeant() throws {
        let schedule = Schedule(.daily(LocalTime(secondOfDay: 9_000), zone: nil))
        #expect(try calculator.nextSlot(of: schedule, after: at("2026-01-01T00:00:00Z")) == at("2026-01-01T01:30:00Z"))
    }

    @Test func anUnknownZoneIsAnError() {
        let schedule = Schedule(.daily(LocalTime(secondOfDay: 0), zone: "Mars/Olympus"))
        #expect(throws: CausewayError.self) { try calculator.nextSlot(of: schedule, after: at("2026-01-01T00:00:00Z")) }
    }

    @Test(
        "as a walk over every minute finds them, about every change",
        arguments: [
            "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "America/Scoresbysund", "Asia/Beirut",
            "Pacific/Apia", "Test/Repeated",
        ])
    func asFoundByWalking(zone: String) throws {
        for change in try #require(TransitionRules.world.zones[zone]).transitions {
            let walk = try Walk(about: change.at, in: zone)
            for minute in stride(from: 0, to: 1_440, by: 7) {
                let schedule = Schedule(.daily(LocalTime(secondOfDay: minute * 60), zone: zone))
                var (found, from) = ([Timestamp](), Timestamp(seconds: walk.start - 1))
                while let slot = try calculator.nextSlot(of: schedule, after: from), slot.seconds < walk.end {
                    found.append(slot)
                    from = slot
                }
                #expect(found == walk.slots(at: minute), "\(minute / 60):\(minute % 60)")
            }
        }
    }
}

/// The clocks of a zone at every minute of eight days.
private struct Walk {
    let start: Int64
    let end: Int64
    private var shown: [Int64] = []
    private var dates: Set<Int64> = []

    init(about change: Int64, in zone: String) throws {
        start = change - 4 * 86_400
        end = change + 4 * 86_400
        for second in stride(from: start, to: end, by: 60) {
            let offset = try TransitionRules.world.offset(of: zone, at: Timestamp(seconds: second)).seconds
            shown.append(second + Int64(offset))
            dates.insert((second + Int64(offset)).quotientAndRemainder(dividingByFloor: 86_400).quotient)
        }
    }

    /// For each date that the clocks show, the first minute at which they show `minute` of it or later.
    func slots(at minute: Int) -> [Timestamp] {
        dates.sorted().compactMap { date in
            let wall = date * 86_400 + Int64(minute * 60)
            // Dates that began before the walk may have had their slot then.
            guard let first = shown.first, first <= wall, let index = shown.firstIndex(where: { $0 >= wall }) else {
                return nil
            }
            return Timestamp(seconds: start + Int64(index) * 60)
        }
    }
}
