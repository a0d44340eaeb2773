import CausewayCore
import Testing

@testable import CausewayConnectorKit

@Suite struct FilePatternTests {
    @Test(
        arguments: [
            (nil, ["a.csv", "a.csv.gz", "a.csv.zst"], ["a.json", "a.jsonl", "a.csv.bz2", "a.txt"]),
            ("auto", ["a.csv", "a.csv.gz"], ["a.jsonl"]),
            ("csv", ["a.csv", "a.csv.zst"], ["a.json"]),
            ("json-lines", ["a.jsonl", "a.jsonl.gz", "a.ndjson", "a.ndjson.zst"], ["a.csv", "a.json"]),
            ("json", ["a.json", "a.json.gz", "a.json.zst"], ["a.jsonl", "a.csv"]),
        ] as [(String?, [String], [String])])
    func followsTheFormat(_ format: String?, _ taken: [String], _ others: [String]) throws {
        var settings: Settings = [:]
        if let format { settings["format"] = .text(format) }
        let pattern = try GlobPattern(FileEntitySettings.pattern(in: settings))
        for name in taken { #expect(pattern.selects(name), "\(name)") }
        for name in others { #expect(!pattern.selects(name), "\(name)") }
        settings["pattern"] = .text("x*")
        #expect(FileEntitySettings.pattern(in: settings) == "x*")
        #expect(FileEntitySettings.violations(in: settings, path: "e").isEmpty)
    }
}
