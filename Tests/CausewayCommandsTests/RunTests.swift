import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayCommands

/// A run as the daemon would show it.
func sampleRun(_ state: Run.State, _ fill: (inout RunCounters) -> Void = { _ in }) -> Run {
    var counters = RunCounters()
    fill(&counters)
    return .with {
        $0.name = "connections/crm/runs/12"
        $0.kind = .full
        $0.trigger = .manual
        $0.state = state
        $0.createTime = time(1_795_460_000)
        $0.startTime = time(1_795_460_000)
        if state.hasEnded { $0.endTime = time(1_795_460_020) }
        $0.activity = state == .running ? "reading /in/customers.csv" : ""
        $0.counters = counters
        $0.entities = [
            .with {
                $0.entity = "connections/crm/entities/customers"
                $0.counters = counters
            }
        ]
    }
}

@Suite struct RunTests {
    private let daemon = ScriptedDaemon()
    private let capture = Capture()
    private static let done = sampleRun(.partial) {
        $0.filesListed = 3
        $0.filesRead = 2
        $0.filesHeld = 1
        $0.bytesTotal = 27_000_000
        $0.bytesRead = 27_000_000
        $0.rowsRead = 100_000
        $0.rowsNew = 99_000
        $0.rowsUpdated = 500
        $0.rowsUnchanged = 497
        $0.rowsQuarantined = 3
    }

    @Test(arguments: [
        (Run.State.succeeded, CausewayCommands.ExitStatus.success), (.partial, .partial), (.failed, .failed),
        (.cancelled, .cancelled),
        (.interrupted, .cancelled),
    ])
    func aFetchEndsWithTheRunsStatus(_ state: Run.State, _ status: CausewayCommands.ExitStatus) async throws {
        daemon.on(RunServiceMethods.startFetch) { _ in sampleRun(.queued) }
        daemon.on(RunServiceMethods.watchRun, streams: [sampleRun(.running), sampleRun(state)])
        var ended = CausewayCommands.ExitStatus.success
        do {
            try await run(["fetch", "crm"], daemon, capture)
        } catch let exit as Exit {
            ended = exit.status
        }
        #expect(ended == status)
        #expect(capture.out.hasPrefix("Run 12 \(state.word) in 20 s"))
    }

    @Test func theSummaryOfAFetch() async throws {
        daemon.on(RunServiceMethods.startFetch) { _ in sampleRun(.queued) }
        daemon.on(RunServiceMethods.watchRun, streams: [Self.done])
        await #expect(throws: Exit(status: .partial)) { try await run(["fetch", "crm"], daemon, capture) }
        #expect(
            capture.out == """
                Run 12 partial in 20 s, 5,000 rows/s; 2 read, 1 held of 3 files listed.

                ENTITY        READ     NEW  UPDATED  UNCHANGED  QUARANTINED
                customers  100,000  99,000      500        497            3

                """)
        #expect(capture.err.contains("3 rows in quarantine: causeway quarantine list crm --run 12"))
    }

    @Test func programsGetALineForEachState() async throws {
        daemon.on(RunServiceMethods.startFetch) { _ in sampleRun(.queued) }
        daemon.on(RunServiceMethods.watchRun, streams: [sampleRun(.running), sampleRun(.succeeded)])
        try await run(["fetch", "crm"], daemon, capture, format: .json)
        let lines = capture.out.split(separator: "\n")
        let states = try lines.map { try JSONParser.parse(Array($0.utf8))["state"] }
        #expect(states == ["RUNNING", "SUCCEEDED"])
        #expect(capture.err.isEmpty)
    }

    @Test func aStreamThatEndsBeforeTheRunIsAnError() async throws {
        daemon.on(RunServiceMethods.startFetch) { _ in sampleRun(.queued) }
        daemon.on(RunServiceMethods.watchRun, streams: [sampleRun(.running)])
        await #expect { try await run(["fetch", "crm"], daemon, capture) } throws: {
            ($0 as? Failure)?.status == .unavailable
        }
    }

    @Test func aRunInProgressIsNamed() async throws {
        daemon.on(RunServiceMethods.startFetch) { _ in
            throw CausewayError(.aborted, reason: "RUN_IN_PROGRESS", "connections/crm/runs/11 is in progress.")
        }
        await #expect { try await run(["fetch", "crm"], daemon, capture) } throws: {
            guard let failure = $0 as? Failure else { return false }
            return failure.status == .temporary
                && failure.hints == ["Watch the run in progress: causeway run watch crm"]
        }
    }

    @Test func cancelFindsTheRunInProgress() async throws {
        daemon.on(ConnectionServiceMethods.getConnection) { _ in
            .with {
                $0 = sampleConnection
                $0.currentRun = "connections/crm/runs/12"
            }
        }
        daemon.on(RunServiceMethods.cancelRun) { _ in sampleRun(.cancelled) }
        try await run(["run", "cancel", "crm"], daemon, capture)
        #expect(daemon.requests(RunServiceMethods.cancelRun).map(\.name) == ["connections/crm/runs/12"])
    }

    @Test func pagesAreReadToTheLimit() async throws {
        daemon.on(RunServiceMethods.listRuns) { request in
            .with {
                let start = Int(request.pageToken) ?? 0
                $0.runs = (start..<start + min(Int(request.pageSize), 30)).map { _ in sampleRun(.succeeded) }
                $0.nextPageToken = String(start + 30)
            }
        }
        try await run(["run", "list", "crm", "--limit", "70"], daemon, capture, quiet: true)
        #expect(capture.out.split(separator: "\n").count == 70)
        #expect(daemon.requests(RunServiceMethods.listRuns).map(\.pageSize) == [70, 40, 10])
    }

    @Test func logLinesAreHarmless() async throws {
        daemon.on(RunServiceMethods.getRun) { _ in sampleRun(.succeeded) }
        daemon.on(RunServiceMethods.listLogEntries) { _ in
            .with {
                $0.logEntries = [
                    .with {
                        $0.time = time(1_795_460_000)
                        $0.level = .warning
                        $0.message = "File held"
                        $0.fields = ["path": "/in/\u{1B}]0;x\u{7}a b.csv", "size": "12"]
                    }
                ]
            }
        }
        try await run(["run", "log", "crm"], daemon, capture)
        #expect(capture.out == "19:53:20.000 warning File held path=\"/in/\\u001b]0;x\\u0007a b.csv\" size=12\n")
    }
}

@Suite struct ProgressTests {
    private static func progress() -> RunProgress {
        var progress = RunProgress(sampleRun(.queued), at: .zero)
        for second in 1...4 {
            progress.update(
                sampleRun(.running) {
                    $0.filesListed = 7
                    $0.filesRead = 3
                    $0.bytesTotal = 40_000_000
                    $0.bytesRead = Int64(second) * 5_000_000
                    $0.rowsRead = Int64(second) * 50_000
                }, at: .seconds(second))
        }
        return progress
    }

    @Test func tellsRateAndRest() {
        let progress = Self.progress()
        #expect(progress.share == 0.5)
        #expect(progress.rowRate(at: .seconds(4)) == 50_000)
        #expect(progress.remaining(at: .seconds(4)) == .seconds(4))
        // Nothing comes any more: the rate goes down with time.
        #expect((progress.rowRate(at: .seconds(8)) ?? 0) == 25_000)
    }

    @Test func drawsForTheWidth() {
        let progress = Self.progress()
        #expect(
            progress.screenLines(width: 120, colours: false, at: .seconds(4)) == [
                "[███████████████████···················] 50%  200,000 rows  50,000/s  0:04 left  20.0 MB of 40.0 MB  3 of 7 files",
                "Run 12 reading /in/customers.csv",
            ])
        for width in 20...200 {
            let lines = progress.screenLines(width: width, colours: false, at: .seconds(4))
            #expect(lines.count == 2)
            #expect(lines.allSatisfy { DisplayWidth.of($0) <= width })
        }
    }

    @Test func aLineForWhereNothingCanBeDrawn() {
        #expect(
            Self.progress().plainLine(at: .seconds(4))
                == "Run 12 reading /in/customers.csv: 50%, 200,000 rows, 50,000/s, 0:04 left, 20.0 MB of 40.0 MB, 3 of 7 files"
        )
    }

    @Test func beforeTheListingThereIsNoShare() {
        let progress = RunProgress(sampleRun(.queued), at: .zero)
        #expect(progress.share == nil)
        #expect(progress.remaining(at: .seconds(9)) == nil)
        #expect(
            progress.screenLines(width: 60, colours: false, at: .seconds(9))[1] == "Run 12 waits for its turn, 0:09")
    }

    @Test func hostileFiguresDoNotHurt() {
        var progress = RunProgress(sampleRun(.running) { $0.bytesTotal = 1 }, at: .zero)
        progress.update(
            sampleRun(.running) {
                $0.bytesRead = .max
                $0.bytesTotal = .min
                $0.rowsRead = .min
                $0.filesListed = .max
                $0.filesRead = .max
                $0.filesSkipped = .max
            }, at: .seconds(1))
        #expect(progress.screenLines(width: 80, colours: true, at: .seconds(2)).count == 2)
    }

    @Test func whatIsDrawnIsErasedLineByLine() {
        var live = LiveLines()
        #expect(live.erasing() == "")
        #expect(live.drawing(["a", "b"]) == "a\nb")
        #expect(live.drawing(["c"]) == "\r\u{1B}[2K\u{1B}[1A\u{1B}[2Kc")
        #expect(live.erasing() == "\r\u{1B}[2K")
        #expect(live.erasing() == "")
    }
}
