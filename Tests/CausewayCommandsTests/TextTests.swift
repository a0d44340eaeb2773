import CausewayCore
import Testing

@testable import CausewayCommands

@Suite struct TextTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本語", 6), ("한국", 4), ("ﾃｽﾄ", 3), ("Ａ", 2), ("🚂", 2), ("👨‍👩‍👧", 2),
        ("❤️", 2), ("…", 1), ("█·", 2), ("\u{200B}", 0), ("🇫🇷", 2),
    ])
    func width(_ text: String, _ columns: Int) { #expect(DisplayWidth.of(text) == columns) }

    @Test func cutsByColumns() {
        #expect(DisplayWidth.truncated("abcdef", to: 6) == "abcdef")
        #expect(DisplayWidth.truncated("abcdef", to: 4) == "abc…")
        #expect(DisplayWidth.truncated("日本語", to: 4) == "日…")
        #expect(DisplayWidth.truncated("日本語", to: 1) == "…")
        #expect(DisplayWidth.truncated("日本語", to: 0) == "")
    }

    @Test func wrapsAtSpaces() {
        #expect(DisplayWidth.wrapped("one two three", to: 7) == ["one two", "three"])
        #expect(DisplayWidth.wrapped("abcdefghij", to: 4) == ["abcd", "efgh", "ij"])
        #expect(DisplayWidth.wrapped("日本語", to: 2) == ["日", "本", "語"])
        #expect(DisplayWidth.wrapped("日本", to: 1) == ["日", "本"])
        #expect(DisplayWidth.wrapped("", to: 4) == [""])
    }

    @Test func remoteTextIsHarmless() {
        #expect(Escaping.line("a\u{1B}[2Jb\nc\td\u{7F}") == "a\\x1b[2Jb\\nc\\td\\x7f")
        #expect(Escaping.line("safe \u{202E}evil\u{2066}") == "safe \\u{202e}evil\\u{2066}")
        #expect(Escaping.line("\u{9B}31m\u{2028}") == "\\x9b31m\\u{2028}")
        #expect(Escaping.line("é 日本 🚂 \\n") == "é 日本 🚂 \\n")
        #expect(Escaping.block("a\n\tb\u{7}") == "a\n\tb\\x07")
    }

    @Test func aTableIsAligned() {
        var table = Table(columns: [.whole("NAME"), .number("ROWS"), .text("NOTE")])
        table.rows = [["a", "1", "x"], ["日本", "1,000", ""], ["c\u{1B}", "20", "last"]]
        #expect(
            table.lines(width: nil, colours: false) == [
                "NAME    ROWS  NOTE", "a          1  x", "日本   1,000", "c\\x1b     20  last",
            ])
    }

    @Test func aTableFitsTheScreenWhereItCan() {
        var table = Table(columns: [.whole("NAME"), .text("PATH", shrinksTo: 6), .prose("HELP")])
        table.rows = [["host", "/a/very/long/path/to/a/file.csv", "Name or address of the server, without anything."]]
        let lines = table.lines(width: 44, colours: false)
        #expect(lines.allSatisfy { DisplayWidth.of($0) <= 44 })
        #expect(lines.count > 2)
        #expect(lines.map { $0.split(separator: " ").last ?? "" }.last == "anything.")
        #expect(table.lines(width: nil, colours: false).count == 2)
        // A screen narrower than what may not shrink is not a reason to lose a name.
        #expect(table.lines(width: 5, colours: false)[1].hasPrefix("host"))
    }

    @Test func coloursStandOutsideTheAlignment() {
        var table = Table(columns: [.whole("A"), .whole("B")])
        table.rows = [[.init("x", .bad), "y"]]
        #expect(table.lines(width: nil, colours: true)[1] == "\u{1B}[31mx\u{1B}[0m  y")
    }

    @Test(
        arguments: [
            (0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567"),
            (Int64.min, "-9,223,372,036,854,775,808"),
        ] as [(Int64, String)])
    func counts(_ number: Int64, _ text: String) { #expect(Wording.count(number) == text) }

    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (999_999, "999.9 kB"), (27_000_000, "27.0 MB"),
            (Int64.max, "9.2 EB"),
        ] as [(Int64, String)])
    func sizes(_ number: Int64, _ text: String) { #expect(Wording.bytes(number) == text) }

    @Test(
        arguments: [
            (0, "0 %"), (1, "100 %"), (0.125, "12.5 %"), (0.000_01, "< 0.1 %"), (0.999_99, "> 99.9 %"), (.nan, "–"),
        ] as [(Double, String)])
    func shares(_ share: Double, _ text: String) { #expect(Wording.share(share) == text) }

    @Test(
        arguments: [
            (400, "0.4 s"), (12_000, "12 s"), (60_000, "1 min"), (200_000, "3 min 20 s"), (7_500_000, "2 h 5 min"),
            (356_400_000, "4 d 3 h"),
        ] as [(Int64, String)])
    func durations(_ millis: Int64, _ text: String) { #expect(Wording.duration(.milliseconds(millis)) == text) }

    @Test func clocks() {
        #expect(Wording.clock(.seconds(5)) == "0:05")
        #expect(Wording.clock(.seconds(65)) == "1:05")
        #expect(Wording.clock(.seconds(7_509)) == "2:05:09")
    }

    @Test func times() {
        let clock = testClock
        #expect(clock.text(clock.now) == "2026-11-23 20:08:07")
        #expect(clock.long(clock.now - .seconds(180)) == "2026-11-23 20:05:07 (3 min ago)")
        #expect(clock.long(clock.now + .seconds(7_500)) == "2026-11-23 22:13:07 (in 2 h 5 min)")
        #expect(clock.long(clock.now) == "2026-11-23 20:08:07 (now)")
        #expect(clock.timeOfDay(clock.now + .milliseconds(7)) == "20:08:07.007")
        #expect(!clock.long(Timestamp(micros: .max)).isEmpty)
        #expect(!clock.long(Timestamp(micros: .min)).isEmpty)
    }
}
