import CausewayCore
import Foundation
import Logging
import Synchronization
import Testing

@testable import CausewayDaemon

/// Keeps what is written.
final class LinesKept: LogSink {
    private let kept = Mutex<[String]>([])
    var lines: [String] { kept.withLock { $0 } }
    func write(_ line: String) { kept.withLock { $0.append(line) } }
}

struct FixedClock: CausewayClock {
    var now: Timestamp { Timestamp(seconds: 1_774_746_000) }
    var uptime: Duration { .zero }
    func sleep(for duration: Duration) async throws {}
}

func makeLogger(
    _ sink: LinesKept, level: Logger.Level = .trace, format: LogFormat = .text, isForJournal: Bool = false
) -> Logger {
    Logger(label: "test") { label in
        DaemonLogHandler(
            label: label, level: level, format: format, isForJournal: isForJournal, sink: sink, clock: FixedClock())
    }
}

@Suite struct LogTests {
    let sink = LinesKept()

    @Test func oneLineAnEntry() {
        var logger = makeLogger(sink)
        logger[metadataKey: "connection"] = "crm"
        logger.info("run ended", metadata: ["run": "12", "file": "a b.csv", "empty": "", "equals": "a=b"])
        #expect(
            sink.lines == [
                """
                2026-03-29T01:00:00Z info     run ended connection=crm empty="" equals="a=b" file="a b.csv" run=12

                """
            ])
    }

    @Test func levelsAreHeeded() {
        let logger = makeLogger(sink, level: .warning)
        logger.info("quiet")
        logger.warning("loud")
        #expect(sink.lines == ["2026-03-29T01:00:00Z warning  loud\n"])
    }

    @Test func forTheJournalTheLevelIsAPrefix() {
        let logger = makeLogger(sink, isForJournal: true)
        logger.critical("a")
        logger.debug("b", metadata: ["k": "v"])
        #expect(sink.lines == ["<2>a\n", "<7>b k=v\n"])
    }

    @Test(
        "nothing dangerous is written as it is",
        arguments: [
            "\u{1B}[31mred", "a\nb", "a\r\nb", "\u{7}", "\u{85}", "\u{9B}1m", "\u{202E}txt.exe", "\u{2066}x\u{2069}",
            "\u{2028}", "\u{2029}", "\u{200F}", "\u{FEFF}", "\u{0}", "\u{7F}", "\u{200B}", "\u{E0041}", "\u{061C}",
        ])
    func dangerous(text: String) throws {
        for format in LogFormat.allCases {
            let logger = makeLogger(sink, format: format)
            logger.info("\(text)", metadata: [text: "\(text)", "list": [.string(text)], "map": [text: "\(text)"]])
            let line = try #require(sink.lines.last)
            #expect(line.last == "\n")
            for scalar in line.dropLast().unicodeScalars { #expect(!LogText.isDangerous(scalar), "\(line)") }
        }
    }

    @Test func quotesAndBackslashesCannotForgeAField() {
        makeLogger(sink).info("m", metadata: ["k": "a\" forged=\"1", "l": "back\\slash"])
        #expect(
            sink.lines == [
                """
                2026-03-29T01:00:00Z info     m k="a\\" forged=\\"1" l="back\\\\slash"

                """
            ])
    }

    @Test func jsonIsJSON() throws {
        var logger = makeLogger(sink, format: .json)
        logger[metadataKey: "connection"] = "crm"
        let odd = "é \u{1B}[0m \"q\" \\ \n \u{202E} \u{E0041} 🙂"
        logger.error("failed \(odd)", metadata: ["reason": "\(odd)", "list": ["a", "b"]])
        logger.info("plain")
        let value = try JSONSerialization.jsonObject(with: Data(sink.lines[0].utf8)) as? [String: Any]
        let object = try #require(value)
        #expect(object["time"] as? String == "2026-03-29T01:00:00Z")
        #expect(object["level"] as? String == "error" && object["logger"] as? String == "test")
        #expect(object["message"] as? String == "failed \(odd)")
        let fields = try #require(object["fields"] as? [String: String])
        #expect(fields == ["connection": "crm", "reason": odd, "list": "[a, b]"])
        #expect(try JSONSerialization.jsonObject(with: Data(sink.lines[1].utf8)) is [String: Any])
    }

    @Test("long values are cut, between characters", arguments: LogFormat.allCases)
    func longValues(format: LogFormat) throws {
        let logger = makeLogger(sink, format: format)
        logger.info("m", metadata: ["k": "\(String(repeating: "é", count: 10_000))x"])
        let line = try #require(sink.lines.first)
        #expect(line.contains("é…\"") && line.utf8.count < LogText.greatestValue + 200)
        // One byte before: the limit falls within a character.
        logger.info("m", metadata: ["k": "x\(String(repeating: "é", count: 10_000))"])
        #expect(sink.lines.last?.contains("é…\"") == true)
    }

    @Test("entries are bounded, and stay whole", arguments: LogFormat.allCases)
    func longEntries(format: LogFormat) throws {
        var fields: Logger.Metadata = [:]
        for index in 0..<1_000 { fields["k\(index)"] = "\(String(repeating: "\u{1B}", count: 5_000))" }
        makeLogger(sink, format: format).info("m", metadata: fields)
        let line = try #require(sink.lines.first)
        #expect(line.utf8.count <= LogLine.greatest)
        if format == .json { #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any]) }
    }

    @Test func nestedMetadataIsBounded() {
        var value = Logger.Metadata.Value.string("x")
        for _ in 0..<10_000 { value = .array([value]) }
        makeLogger(sink).info("m", metadata: ["k": value])
        #expect(sink.lines.first?.utf8.count ?? 0 < 200)
        // Taken apart from outside in: to free it all at once would need a stack as deep as it is.
        while case .array(let inner) = value, let next = inner.first { value = next }
    }

    @Test func theJournalIsKnownByItsStream() {
        var status = stat()
        fstat(STDERR_FILENO, &status)
        #expect(StandardError.isJournal(["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)"]))
        for value in ["", "1", "\(status.st_dev):\(status.st_ino + 1)", "x:y", "1:2:3"] {
            #expect(!StandardError.isJournal(["JOURNAL_STREAM": value]))
        }
        #expect(!StandardError.isJournal([:]))
    }
}
