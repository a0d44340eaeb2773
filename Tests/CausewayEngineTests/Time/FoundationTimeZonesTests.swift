import CausewayCore
import CausewayEngine
import Testing

@Suite struct FoundationTimeZonesTests {
    let zones: FoundationTimeZones

    init() throws { zones = try FoundationTimeZones() }

    @Test("known", arguments: ["Europe/Paris", "Asia/Kolkata", "America/Argentina/Buenos_Aires", "UTC", "Etc/UTC"])
    func known(zone: String) {
        #expect(zones.isKnown(zone))
    }

    @Test(
        "not known",
        arguments: [
            "", "Mars/Olympus", "GMT+3", "IST", "PST", "europe/paris", "../../etc/passwd", "Europe/../Europe/Paris",
            "Europe/Paris\0", "/Europe/Paris", "Europe/Paris ", String(repeating: "Europe/", count: 100),
        ])
    func unknown(zone: String) {
        #expect(!zones.isKnown(zone))
        let error = #expect(throws: CausewayError.self) { try zones.offset(of: zone, at: Timestamp(micros: 0)) }
        #expect(error?.code == .invalidArgument)
    }

    @Test(
        "02:30 across the changes of 2026",
        arguments: [
            ("Europe/Paris", 1_774_612_800, [1_774_661_400, 1_774_746_000, 1_774_830_600]),
            ("Europe/Paris", 1_792_843_200, [1_792_888_200, 1_792_978_200, 1_793_064_600]),
            ("America/New_York", 1_772_884_800, [1_772_953_200, 1_773_037_800, 1_773_124_200]),
            ("America/New_York", 1_793_448_000, [1_793_518_200, 1_793_604_600, 1_793_691_000]),
            ("Australia/Lord_Howe", 1_775_217_600, [1_775_230_200, 1_775_318_400, 1_775_404_800]),
            ("Australia/Lord_Howe", 1_790_942_400, [1_790_956_800, 1_791_041_400, 1_791_127_800]),
            ("Asia/Kolkata", 1_774_699_200, [1_774_731_600, 1_774_818_000, 1_774_904_400]),
        ] as [(String, Int64, [Int64])])
    func acrossChanges(zone: String, start: Int64, expected: [Int64]) throws {
        let calculator = ScheduleCalculator(rules: zones, organisationZone: zone)
        let schedule = Schedule(.daily(LocalTime(secondOfDay: 9_000), zone: nil))
        let firings = try calculator.explain(schedule, after: Timestamp(seconds: start), count: 3)
        #expect(firings.map(\.time.seconds) == expected)
    }

    @Test(
        "once each date for five years",
        arguments: [
            "Europe/Paris", "Europe/Dublin", "Europe/Chisinau", "America/New_York", "America/Nuuk", "America/Santiago",
            "America/Havana", "America/Asuncion", "America/St_Johns", "America/Sao_Paulo", "Atlantic/Azores",
            "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Asia/Kolkata",
            "Asia/Kathmandu", "Asia/Tehran", "Australia/Lord_Howe", "Australia/Adelaide", "Pacific/Apia",
            "Pacific/Chatham", "Pacific/Kiritimati", "Antarctica/Troll", "UTC",
        ])
    func onceEachDate(zone: String) throws {
        let calculator = ScheduleCalculator(rules: zones, organisationZone: zone)
        let first = try #require(LocalDate(year: 2025, month: 1, day: 1))
        let days = 5 * 365 + 1
        for minute in [0, 30, 60, 150, 1_410, 1_439] {
            let schedule = Schedule(.daily(LocalTime(secondOfDay: minute * 60), zone: nil))
            var from = Timestamp(seconds: Int64(first.daysSinceEpoch) * 86_400)
            from = from - .seconds(try zones.offset(of: zone, at: from).seconds) - .seconds(1)
            for day in 0..<days {
                from = try #require(try calculator.nextSlot(of: schedule, after: from))
                let shown = try zones.local(from, in: zone)
                let date = first.adding(days: day)
                guard shown.date == date, shown.time.secondOfDay == minute * 60 else {
                    // Late, because the clocks never showed it: a second before, they showed less than the time.
                    let before = try zones.local(from - .seconds(1), in: zone)
                    let late = (shown.date, shown.time) > (date, LocalTime(secondOfDay: minute * 60))
                    let early = (before.date, before.time) < (date, LocalTime(secondOfDay: minute * 60))
                    #expect(late && early, "\(zone) \(date) \(minute): \(from)")
                    continue
                }
            }
        }
    }

    @Test("a date that was skipped does not fire", arguments: [0, 600, 1_439])
    func skippedDate(minute: Int) throws {
        let calculator = ScheduleCalculator(rules: zones, organisationZone: "Pacific/Apia")
        let schedule = Schedule(.daily(LocalTime(secondOfDay: minute * 60), zone: nil))
        var (dates, from) = ([String](), Timestamp(seconds: 1_325_066_399))
        for _ in 0..<4 {
            from = try #require(try calculator.nextSlot(of: schedule, after: from))
            dates.append(try zones.local(from, in: "Pacific/Apia").date.description)
        }
        #expect(dates == ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"])
    }

    @Test func farInstantsHaveAnOffset() throws {
        for seconds in [.min / 1_000_000, -377_705_116_800, 0, 253_402_300_799, .max / 1_000_000] as [Int64] {
            let offset = try zones.offset(of: "Europe/Paris", at: Timestamp(seconds: seconds)).seconds
            #expect((-64_800...64_800).contains(offset))
        }
    }
}
