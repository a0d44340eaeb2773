import CausewayConnectorKit
import CausewayCore
import Testing

@Suite("Patterns of file names")
struct GlobPatternTests {
    @Test(
        "match what a shell's do",
        arguments: [
            ("*.csv", "a.csv", true), ("*.csv", ".csv", true), ("*.csv", "a.csv.gz", false), ("*.csv", "a.CSV", false),
            ("*", "anything", true), ("*", "", true), ("a*b*c", "abc", true), ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false), ("?.csv", "a.csv", true), ("?.csv", "é.csv", true), ("?.csv", ".csv", false),
            ("[a-c]x", "bx", true), ("[a-c]x", "dx", false), ("[!a-c]x", "dx", true), ("[^a-c]x", "ax", false),
            ("[]]x", "]x", true), ("[a-]x", "-x", true), ("[-a]x", "-x", true), ("[*]", "*", true), ("[*]", "a", false),
            ("{a,b}.csv", "b.csv", true), ("{a,b}.csv", "c.csv", false), ("x{,1,2{3,4}}y", "xy", true),
            ("x{,1,2{3,4}}y", "x24y", true), ("x{,1,2{3,4}}y", "x2y", false), ("[{]x", "{x", true),
            ("a\\*b", "a*b", true), ("a\\*b", "aXb", false), ("a\\{b,c}", "a{b,c}", true),
            ("a b*", "a b\nc", true), ("**", "x", true), ("orders_????-??-??.csv", "orders_2026-03-29.csv", true),
        ])
    func matches(_ pattern: String, _ name: String, _ isMatch: Bool) throws {
        #expect(try GlobPattern(pattern).matches(name) == isMatch)
    }

    @Test("leave alone what is hidden or still being written, unless they name it")
    func unfinished() throws {
        let all = try GlobPattern("*")
        for name in [".a", "a.filepart", "a.xyz.partial", "a.part", "a.TMP"] {
            #expect(all.matches(name))
            #expect(!all.selects(name))
        }
        #expect(all.selects("a.csv"))
        #expect(!all.namesUnfinished)
        #expect(try GlobPattern("*.tmp").selects("a.tmp"))
        #expect(try GlobPattern("*.tmp").namesUnfinished)
        #expect(try GlobPattern(".*").selects(".a"))
        #expect(try !GlobPattern("{*.csv,*.tmp}").selects(".hidden.csv"))
        #expect(try GlobPattern("{*.csv,*.tmp}").selects("b.tmp"))
    }

    @Test(
        "say what is wrong with them",
        arguments: [
            "", "[a", "{a,b", "a\\", "in/*.csv", "[z-a]", String(repeating: "x", count: 513),
            "{1,2,3,4}{1,2,3,4}{1,2,3,4}{1,2,3,4}",
        ])
    func malformed(_ pattern: String) {
        let error = #expect(throws: CausewayError.self) { _ = try GlobPattern(pattern) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.violations.first?.field == "pattern")
    }

    @Test("take a bounded time for the worst of names", .timeLimit(.minutes(1)))
    func worstCase() throws {
        let pattern = try GlobPattern(String(repeating: "*a", count: 200) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 10_000)))
    }
}

@Suite("Names of files")
struct FileNamesTests {
    @Test(
        "get a number before their extension when they are taken",
        arguments: [
            ("a.csv", "a-1.csv"), ("a", "a-1"), (".hidden", ".hidden-1"), ("a.csv.gz", "a-1.csv.gz"),
            ("v1.2.csv", "v1.2-1.csv"), ("a.gz", "a-1.gz"), ("a.csv.zst", "a-1.csv.zst"), ("a.", "a-1."),
        ])
    func candidates(_ name: String, _ first: String) {
        #expect(FileNames.candidate(name, attempt: 0) == name)
        #expect(FileNames.candidate(name, attempt: 1) == first)
    }

    @Test("are joined to their folder with one slash")
    func join() {
        #expect(FileNames.join("/in", "a") == "/in/a")
        #expect(FileNames.join("/", "a") == "/a")
        #expect(FileNames.normalized(folder: "/in//") == "/in")
        #expect(FileNames.normalized(folder: "/") == "/")
        #expect(FileNames.normalized(folder: "in/") == "in")
    }
}
