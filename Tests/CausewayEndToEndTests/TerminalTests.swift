import CausewayCore
import CausewayTestKit
import Glibc
import Testing

/// What people see on a terminal, and what programs get elsewhere.
@Suite struct TerminalTests {
    /// Runs `causeway` on a terminal of 100 columns; the caller waits for its end.
    private func onTerminal(
        _ daemon: DaemonFixture, _ command: String, tag: String, environment: [String: String] = [:]
    ) throws -> Program {
        let variables = ["CAUSEWAY_SOCKET": daemon.socket, "TERM": "xterm", "LC_ALL": "C.UTF-8", "NO_COLOR": ""]
        return try Program(
            "/usr/bin/script",
            ["-qefc", "stty cols 100 rows 50; exec \(Program.folder)/causeway \(command)", "/dev/null"],
            environment: variables.merging(environment) { $1 }, in: daemon.scratch, tag: tag)
    }

    private func output(_ daemon: DaemonFixture, _ tag: String) -> String {
        String(decoding: daemon.scratch.read("\(tag).out") ?? [], as: UTF8.self)
    }

    private func filled() async throws -> (Site, DaemonFixture, rows: String) {
        let site = try Site()
        let rows = try site.write("a.csv", 0..<50, faulty: [7])
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        #expect(try await daemon.causeway("fetch", "crm").status == 3)
        return (site, daemon, rows)
    }

    @Test func coloursAreForTerminalsThatWantThem() async throws {
        let (_, daemon, _) = try await filled()
        let colour = "\u{1B}["
        for (tag, environment, isColoured) in [
            ("plain", [:], true), ("no-color", ["NO_COLOR": "1"], false), ("dumb", ["TERM": "dumb"], false),
        ] as [(String, [String: String], Bool)] {
            for (index, command) in ["overview crm", "quarantine list crm", "field show crm profiles name"].enumerated()
            {
                let tag = "\(tag)-\(index)"
                let program = try onTerminal(daemon, command, tag: tag, environment: environment)
                #expect(await program.wait() == 0)
                let text = output(daemon, tag)
                #expect(text.contains(colour) == isColoured, "\(command), \(environment)")
                #expect(text.split(separator: "\r\n").count >= 2)
            }
        }
        // In a pipe there are none, whatever is asked for.
        let piped = try await daemon.causeway("overview", "crm", environment: ["TERM": "xterm", "NO_COLOR": ""])
        #expect(!piped.output.contains("\u{1B}"))
        #expect(piped.output.contains("Total records"))
    }

    @Test func watchingRefreshesInPlace() async throws {
        let (site, daemon, _) = try await filled()
        let program = try onTerminal(daemon, "overview crm --watch --every 100ms", tag: "watch")
        func waitFor(_ isThere: (String) -> Bool) async {
            while !isThere(output(daemon, "watch")), program.poll() == nil {
                // Another process's progress cannot be awaited.
                await Program.offPool { _ = usleep(20_000) }
            }
        }
        func frames(_ text: String) -> Int { text.ranges(of: "Total records").count }
        await waitFor { frames($0) >= 3 }
        // What comes in is seen.
        try site.write("b.csv", 100..<200, minutesOld: 30)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        await waitFor { $0.contains("149") }
        let children = "/proc/\(program.pid)/task/\(program.pid)/children"
        var buffer = [UInt8](repeating: 0, count: 64)
        let descriptor = open(children, O_RDONLY)
        let count = read(descriptor, &buffer, buffer.count)
        close(descriptor)
        let child = try #require(
            pid_t(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split(separator: " ").first ?? ""))
        Glibc.kill(child, SIGINT)
        #expect(await program.wait() == 0)
        let text = output(daemon, "watch")
        // The cursor goes up over what was there.
        #expect(text.contains("\u{1B}["))
        #expect(try #require(text.firstMatch(of: /\u{1B}\[[0-9]+A|\u{1B}\[H/)).output.isEmpty == false)
    }

    @Test func recordsSayWhereTheyCameFrom() async throws {
        let (site, daemon, _) = try await filled()
        try site.write("b.csv", 0..<2, rowName: "Other", minutesOld: 30)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        let why = try await daemon.causeway(
            "entity", "records", "crm", "profiles", "--limit", "3", "--why", "-o", "json"
        ).json["records"].elements
        #expect(why.map { $0["run"].text?.last } == ["2", "2", "1"])
        #expect(why.map { $0["source"].text } == ["b", "b", "a"].map { site.files["in/\($0).csv"] })
        #expect(why.map { $0["sourceRow"].integer } == [2, 1, 50])
        #expect(why.allSatisfy { $0["importTime"].text != nil })
        let page = try await daemon.causeway("entity", "records", "crm", "profiles", "--limit", "3", "--why")
        #expect(page.output.split(separator: "\n").first?.contains("SOURCE") == true)
        #expect(page.output.contains("b.csv"))
        // Page by page, to the oldest; each record once.
        var ids: [String] = []
        var token = ""
        repeat {
            let next = ["--limit", "20", "-o", "json"] + (token.isEmpty ? [] : ["--page-token", token])
            let page = try await daemon.causeway(["entity", "records", "crm", "profiles"] + next)
            #expect(page.status == 0)
            ids += page.json["records"].elements.compactMap { $0["values"]["id"].text }
            token = page.json["nextPageToken"].text ?? ""
        } while !token.isEmpty
        #expect(ids.count == 49)
        #expect(Set(ids).count == 49)
        #expect(ids.prefix(3) == ["1", "0", "49"])
    }

    @Test func exportsAreWholeInEitherFormat() async throws {
        let site = try Site()
        let text = "id,name,note\n1,\"a \"\"quoted\"\", name\",\"two\nlines\"\n2,,é\n3,=1+1,\" x \"\n"
        try site.files.write("in/a.csv", text)
        site.age("in/a.csv", minutes: 60)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        // Read back, the export is what came.
        try site.files.makeFolder("again")
        try site.files.write("again/a.csv", try await daemon.export())
        site.age("again/a.csv", minutes: 60)
        let flags = site.flags("again").map { $0.replacing(site.folder, with: site.files["again"]) }
        #expect(try await daemon.causeway(flags).status == 0)
        #expect(try await daemon.causeway("fetch", "again").status == 0)
        #expect(try await daemon.export("again") == daemon.export())

        let lines = try await daemon.causeway("entity", "export", "crm", "profiles", "--format", "jsonl").output
        let records = lines.split(separator: "\n").compactMap { JSON(text: String($0)) }
        #expect(records.count == 3)
        #expect(records.map { $0["name"] } == [.string("a \"quoted\", name"), .null, .string("=1+1")])
        #expect(records.map { $0["note"] } == [.string("two\nlines"), .string("é"), .string(" x ")])
        let path = daemon.scratch["export.jsonl"]
        let toFile = ["entity", "export", "crm", "profiles", "--format", "jsonl", "--to", path]
        #expect(try await daemon.causeway(toFile).status == 0)
        #expect(daemon.scratch.read("export.jsonl") == Array(lines.utf8))
        #expect(try await daemon.causeway(toFile).status == 73)
        #expect(try await daemon.causeway(toFile + ["--force"]).status == 0)
    }
}
