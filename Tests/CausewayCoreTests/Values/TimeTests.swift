import CausewayCore
import Testing

@Suite struct TimestampTests {
    @Test(
        "RFC 3339",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"), (1, "1970-01-01T00:00:00.000001Z"),
            (1_500_000, "1970-01-01T00:00:01.5Z"), (1_774_746_000_120_000, "2026-03-29T01:00:00.12Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00Z"), (-62_135_596_800_000_000, "0001-01-01T00:00:00Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)])
    func text(micros: Int64, text: String) {
        #expect(Timestamp(micros: micros).rfc3339 == text)
    }

    @Test func arithmetic() {
        let instant = Timestamp(seconds: 100)
        #expect(instant + .milliseconds(1_500) == Timestamp(micros: 101_500_000))
        #expect(instant - .seconds(200) == Timestamp(seconds: -100))
        #expect(instant - Timestamp(seconds: 40) == .seconds(60))
        #expect(Timestamp(micros: -1).seconds == -1 && Timestamp(micros: 999_999).seconds == 0)
        #expect(Timestamp(micros: 1) < Timestamp(micros: 2))
    }
}

@Suite struct DurationTextTests {
    @Test(
        "read",
        arguments: [
            ("90s", 90_000), ("15m", 900_000), ("2h", 7_200_000), ("7d", 604_800_000), ("250ms", 250),
            ("1h30m", 5_400_000), ("45", 45_000), ("0", 0), ("0s", 0), ("5min", 300_000), ("1d1h1m1s1ms", 90_061_001),
        ] as [(String, Int64)])
    func read(text: String, milliseconds: Int64) {
        #expect(Duration(text: text)?.milliseconds == milliseconds)
    }

    @Test(
        "refused",
        arguments: [
            "", " ", "s", "-1", "-1s", "1x", "1.5h", "1h 30m", "h1", "99999999999999999999", "9223372036854775807d",
            "40000d", "١s", "1s2", "+", "+5", "-0", "3162240001",
        ])
    func refused(text: String) {
        #expect(Duration(text: text) == nil)
    }

    @Test("written as it is read", arguments: ["1h30m", "7d", "250ms", "0s", "1d1h1m1s1ms", "15m", "59s"])
    func written(text: String) throws {
        #expect(try #require(Duration(text: text)).text == text)
    }

    @Test func manyLengthsRoundTrip() {
        for milliseconds in stride(from: Int64(0), to: 10_000_000_000, by: 7_654_321) {
            let duration = Duration.milliseconds(milliseconds)
            #expect(Duration(text: duration.text) == duration)
        }
    }
}

@Suite struct LocalDateTests {
    @Test func everyDayOfEightCenturiesRoundTrips() throws {
        let first = try #require(LocalDate(year: 1600, month: 1, day: 1))
        var (year, month, day) = (1600, 1, 1)
        for days in 0..<292_194 {
            let parts = first.adding(days: days).components
            #expect(parts == (year, month, day))
            #expect(LocalDate(year: year, month: month, day: day)?.daysSinceEpoch == first.daysSinceEpoch + days)
            day += 1
            if LocalDate(year: year, month: month, day: day) == nil { (month, day) = (month + 1, 1) }
            if month == 13 { (year, month) = (year + 1, 1) }
        }
        #expect((year, month, day) == (2400, 1, 1))
    }

    @Test(
        "dates that are not",
        arguments: [
            (2026, 2, 29), (2100, 2, 29), (2026, 13, 1), (2026, 0, 1), (2026, 4, 31), (2026, 1, 0), (2026, 1, -1),
            (10_000, 1, 1), (.max, 1, 1), (2026, .max, 1), (2026, 1, .max),
        ] as [(Int, Int, Int)])
    func absent(year: Int, month: Int, day: Int) {
        #expect(LocalDate(year: year, month: month, day: day) == nil)
    }

    @Test func text() {
        #expect(LocalDate(year: 2026, month: 3, day: 9)?.description == "2026-03-09")
        #expect(LocalDate(year: 7, month: 1, day: 1)?.description == "0007-01-01")
    }

    @Test("times", arguments: [("02:30", 9_000), ("2:5", 7_500), ("00:00", 0), ("23:59", 86_340)])
    func time(text: String, second: Int) {
        #expect(LocalTime(text: text)?.secondOfDay == second)
    }

    @Test(
        "times that are not",
        arguments: ["", ":", "24:00", "12:60", "12", "12:00:00", "-1:00", "1a:00", "012:00", "+1:00"])
    func noTime(text: String) {
        #expect(LocalTime(text: text) == nil)
    }
}
