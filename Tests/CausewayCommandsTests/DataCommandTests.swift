import ArgumentParser
import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayCommands

@Suite struct DataCommandTests {
    private let daemon = ScriptedDaemon()
    private let capture = Capture()

    @Test func onlyWhatIsGivenIsEdited() async throws {
        daemon.on(DataServiceMethods.updateField) { request in
            var field = sampleField
            field.sensitive = request.field?.sensitive ?? false
            return field
        }
        try await run(["field", "edit", "crm", "customers", "a/b", "--sensitive", "--no-required"], daemon, capture)
        let request = try #require(daemon.requests(DataServiceMethods.updateField).first)
        #expect(request.field?.name == "connections/crm/entities/customers/fields/a/b")
        #expect(request.updateMask?.paths == ["required", "sensitive"])
        #expect(request.field?.required == false)
        #expect(request.field?.sensitive == true)
        #expect(capture.err == "country is called Country; marks: required, sensitive.\n")
        #expect(throws: (any Error).self) { try Causeway.parseAsRoot(["field", "edit", "crm", "customers", "email"]) }
    }

    @Test func anEntityGetsItsNameBack() async throws {
        daemon.on(DataServiceMethods.updateEntity) { _ in sampleEntity }
        try await run(["entity", "edit", "crm", "customers", "--display-name", ""], daemon, capture)
        let request = try #require(daemon.requests(DataServiceMethods.updateEntity).first)
        #expect(request.entity?.displayName == "")
        #expect(request.updateMask?.paths == ["display_name"])
    }

    @Test func dataIsDeletedOnlyWithConsent() async throws {
        daemon.on(DataServiceMethods.getEntity) { _ in sampleEntity }
        daemon.on(DataServiceMethods.deleteEntityData) { _ in .with { $0.deletedRecords = 99_996 } }
        let arguments = ["entity", "delete-data", "crm", "customers"]
        await #expect { try await run(arguments, daemon, capture) } throws: { ($0 as? Failure)?.status == .usage }
        let refusal = Answers(["n"])
        await #expect { try await run(arguments, daemon, capture, prompt: refusal.prompt) } throws: {
            ($0 as? Failure)?.status == .interrupted
        }
        #expect(refusal.shown.contains("Delete 99,996 records of crm's customers?"))
        #expect(daemon.requests(DataServiceMethods.deleteEntityData).isEmpty)
        try await run(arguments + ["--yes"], daemon, capture, format: .json)
        let json = try JSONParser.parse(Array(capture.out.utf8))
        #expect(json["deletedRecords"] == 99_996)
    }

    @Test func reloadAndRetryFollowTheirRuns() async throws {
        daemon.on(DataServiceMethods.reloadStatistics) { _ in sampleRun(.queued) }
        daemon.on(QuarantineServiceMethods.retryQuarantinedRows) { _ in sampleRun(.queued) }
        daemon.on(RunServiceMethods.watchRun, streams: [sampleRun(.succeeded)])
        try await run(["reload", "crm"], daemon, capture)
        try await run(["reload", "crm", "customers", "--no-wait"], daemon, capture)
        #expect(
            daemon.requests(DataServiceMethods.reloadStatistics).map(\.name)
                == ["connections/crm", "connections/crm/entities/customers"])
        #expect(daemon.requests(DataServiceMethods.reloadStatistics).allSatisfy { !$0.requestID.isEmpty })
        try await run(["quarantine", "retry", "crm", "--run", "12"], daemon, capture)
        try await run(["quarantine", "retry", "crm", "--row", "17"], daemon, capture)
        try await run(["quarantine", "retry", "crm"], daemon, capture)
        #expect(
            daemon.requests(QuarantineServiceMethods.retryQuarantinedRows).map(\.parent)
                == ["connections/crm/runs/12", "connections/crm/quarantinedRows/17", "connections/crm"])
        #expect(throws: (any Error).self) {
            try Causeway.parseAsRoot(["quarantine", "retry", "crm", "--row", "1", "--run", "2"])
        }
    }

    @Test func aFetchReadsEverythingAgain() async throws {
        daemon.on(RunServiceMethods.startFetch) { _ in sampleRun(.queued) }
        try await run(["fetch", "crm", "--again", "--no-wait"], daemon, capture)
        #expect(daemon.requests(RunServiceMethods.startFetch).first?.again == true)
    }

    @Test func sensitiveValuesAreAskedFor() async throws {
        daemon.on(DataServiceMethods.exportRecords, streams: [ExportRecordsResponse]())
        try await run(["entity", "export", "crm", "customers"], daemon, capture)
        try await run(["entity", "export", "crm", "customers", "--reveal-sensitive"], daemon, capture)
        #expect(daemon.requests(DataServiceMethods.exportRecords).map(\.revealSensitive) == [false, true])
        daemon.on(QuarantineServiceMethods.getQuarantinedRow) { request in
            .with {
                $0.name = request.name
                $0.entity = "connections/crm/entities/customers"
                $0.rawWithheld = !request.revealSensitive
                $0.raw = request.revealSensitive ? Array("7,secret".utf8) : []
            }
        }
        try await run(["quarantine", "show", "crm", "17"], daemon, capture)
        #expect(capture.out.contains("•••"))
        #expect(capture.err.contains("--reveal-sensitive"))
        try await run(["quarantine", "show", "crm", "17", "--reveal-sensitive"], daemon, capture)
        #expect(capture.out.contains("7,secret"))
        daemon.on(
            QuarantineServiceMethods.exportQuarantinedRows,
            streams: [QuarantinedRow.with { $0.rawWithheld = true }, .with { $0.raw = Array("8,y".utf8) }])
        try await run(["quarantine", "export", "crm"], daemon, capture)
        #expect(capture.out.hasSuffix("8,y\n"))
        #expect(capture.err.contains("The bytes of 1 row are withheld"))
        #expect(daemon.requests(QuarantineServiceMethods.exportQuarantinedRows).map(\.revealSensitive) == [false])
    }

    @Test func retentionIsSetPathByPath() async throws {
        daemon.on(AdministrationServiceMethods.updateOrganisation) { $0.organisation ?? Organisation() }
        try await run(
            ["admin", "settings", "set", "--run-days", "365", "--quarantine-rows", "forever", "--log-days", "default"],
            daemon, capture)
        let request = try #require(daemon.requests(AdministrationServiceMethods.updateOrganisation).first)
        #expect(
            request.updateMask?.paths
                == ["retention.run_days", "retention.log_days", "retention.quarantine_rows"])
        #expect(request.organisation?.retention?.runDays == 365)
        #expect(request.organisation?.retention?.quarantineRows == -1)
        #expect(Keeping(argument: "0") == nil)
        #expect(Keeping(argument: "-1") == nil)
    }

    @Test func allPagesOfRecords() async throws {
        daemon.on(DataServiceMethods.listRecords) { request in
            .with {
                $0.fields = ["id", "city"]
                $0.records = [
                    .with { $0.values = [.with { $0.text = request.pageToken + "1" }, .with { $0.masked = true }] }
                ]
                $0.nextPageToken = request.pageToken.count < 2 ? request.pageToken + "x" : ""
            }
        }
        try await run(["entity", "records", "crm", "customers", "--all"], daemon, capture, format: .json)
        let lines = try capture.out.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
        #expect(lines.map { $0["values"]?["id"] } == ["1", "x1", "xx1"])
        let page = Capture()
        let arguments = ["entity", "records", "crm", "customers", "--limit", "1", "--page-token", "x"]
        try await run(arguments + ["--fields", "city,id"], daemon, page)
        #expect(page.out == "city  id\n•••   x1\n")
        #expect(page.err.contains("--page-token xx"))
        await #expect { try await run(arguments + ["--fields", "fax"], daemon, page) } throws: {
            ($0 as? Failure)?.status == .notFound
        }
    }

    @Test func anOverviewOfEverything() async throws {
        daemon.on(ConnectionServiceMethods.listConnections) { _ in
            .with { $0.connections = ["crm", "gone"].map { id in .with { $0.name = "connections/\(id)" } } }
        }
        daemon.on(DataServiceMethods.getConnectionOverview) { request in
            guard request.name == "connections/crm" else { throw CausewayError.notFound(request.name) }
            return .with { $0.name = request.name }
        }
        try await run(["overview"], daemon, capture, quiet: true)
        #expect(capture.out == "crm\n")
    }
}

@Suite struct WatchTests {
    private struct Over: Error {}
    private let capture = Capture()

    /// Shows three reports and then fails.
    private func watch(_ console: Console) async {
        var count = 0
        await #expect(throws: Over.self) {
            try await Watch(console, every: .microseconds(1)).run {
                count += 1
                guard count <= 3 else { throw Over() }
                return Report(json: .integer(Int64(count)), blocks: [.text(["line \(count)", "second"])])
            }
        }
    }

    @Test func elsewhereThanOnATerminalOneComesAfterTheOther() async {
        await watch(capture.console())
        #expect(capture.out == "line 1\nsecond\n\nline 2\nsecond\n\nline 3\nsecond\n")
        let programs = Capture()
        await watch(programs.console(.json))
        #expect(programs.out == "1\n2\n3\n")
    }

    @Test func onATerminalLinesAreOverwritten() async {
        await watch(capture.console(out: Screen(isTerminal: true, columns: 80, rows: 24, colours: false)))
        #expect(
            capture.out.hasPrefix(
                "\u{1B}[?7l\rline 1\u{1B}[K\r\nsecond\u{1B}[K\u{1B}[J\u{1B}[?7h"
                    + "\u{1B}[?7l\r\u{1B}[1Aline 2\u{1B}[K\r\nsecond\u{1B}[K\u{1B}[J\u{1B}[?7h"))
        #expect(capture.out.hasSuffix("\u{1B}[?7h\r\n"))
    }

    @Test func aScreenIsNeverOverflown() {
        let report = Report(json: .null, blocks: [.text((1...40).map { "line \($0)" })], notes: ["a hint"])
        let small = Screen(isTerminal: true, columns: 80, rows: 10, colours: false)
        let frame = Watch.frame(report, small)
        #expect(frame.count == 9)
        #expect(frame.last == "…")
        #expect(Watch.frame(report, .none).suffix(2) == ["", "a hint"])
    }
}

@Suite struct BarTests {
    @Test func aBarIsDrawnToAnEighth() {
        #expect(Bar(0).text(width: 8) == "")
        #expect(Bar(1).text(width: 8) == "████████")
        #expect(Bar(0.5).text(width: 3) == "█▌")
        #expect(Bar(1e-9).text(width: 8) == "▏")
        #expect(Bar(.nan).text(width: 8) == "")
        #expect(Bar(7).text(width: 2) == "██")
        #expect(Bar(0.5).text(width: 0) == "")
    }

    @Test func eachPartIsSeen() {
        #expect(Bar(parts: [0.99, 0.01]).text(width: 10) == "█████████▒")
        #expect(Bar(parts: [0, 0.5]).text(width: 10) == "▒▒▒▒▒")
        #expect(Bar(parts: [0, 0]).text(width: 10) == "")
        #expect(DisplayWidth.of(Bar(parts: [1, 1, 1]).text(width: 9)) == 9)
    }

    @Test func aRowOfBars() {
        #expect(Bar.row([0, 1, 50, 100]) == "▁▂▅█")
        #expect(Bar.row([0, 0]) == "▁▁")
        #expect(Bar.row([]) == "")
        #expect(Bar.row([.min, .max]) == "▁█")
    }

    @Test func asciiHasTheSameWidth() {
        let text = "≈ █▌▒ ••• ∅ … 日本"
        #expect(Bar.plain(text) == "~ #== *** - ~ 日本")
        #expect(DisplayWidth.of(Bar.plain(text)) == DisplayWidth.of(text))
    }

    @Test func theLocaleSaysWhatAScreenShows() {
        func shows(_ variables: [String: String]) -> Bool { Screen.isUnicode { variables[$0] } }
        #expect(shows(["LANG": "en_GB.UTF-8"]))
        #expect(shows(["LC_CTYPE": "C.utf8", "LANG": "C"]))
        #expect(!shows(["LC_ALL": "C", "LANG": "en_GB.UTF-8"]))
        #expect(shows(["LC_ALL": "", "LANG": "en_GB.UTF-8"]))
        #expect(!shows([:]))
    }

    @Test func columnsAreLeftOutWhereThereIsNoRoom() {
        var table = Table(columns: [.whole("NAME"), .text("A", shrinksTo: 4).dispensable, .path("PATH").dispensable])
        table.rows = [["customers", "abcdefgh", "/very/long/folder/file.csv"]]
        #expect(table.lines(width: 40, colours: false)[1] == "customers  abcdefgh  …ng/folder/file.csv")
        #expect(table.lines(width: 24, colours: false) == ["NAME       A", "customers  abcdefgh"])
        #expect(table.lines(width: 8, colours: false) == ["NAME", "customers"])
        table.countsLeftOut = true
        #expect(table.lines(width: 24, colours: false) == ["NAME       A         +1", "customers  abcdefgh  …"])
        #expect(table.lines(width: 14, colours: false) == ["NAME       +2", "customers  …"])
    }

    @Test func numbersOfAnySize() {
        #expect(Wording.number(1_234.5) == "1,234.5")
        #expect(Wording.number(-0.25) == "-0.25")
        #expect(Wording.number(0) == "0")
        #expect(Wording.number(1e300) == "1e+300")
        #expect(Wording.number(1.0 / 3) == "0.333333")
        #expect(Wording.number(.nan) == "nan")
        #expect(Wording.number(123_456_789_012_345) == "123,456,789,012,345")
    }
}
