import ArgumentParser
import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayCommands

@Suite struct ReportTests {
    private let clock = testClock

    private func text(_ report: Report, width: Int? = nil) -> String {
        report.lines(width: width, colours: false).joined(separator: "\n")
    }

    @Test func connections() {
        var paused = sampleConnection
        paused.name = "connections/webshop"
        paused.displayName = ""
        paused.state = .paused
        paused.schedule = nil
        paused.nextRunTime = nil
        paused.lastRun = "connections/webshop/runs/7"
        #expect(
            text(.connections([sampleConnection, paused], clock)) == """
                NAME     INTEGRATION  STATE   SCHEDULE                  NEXT RUN             LAST RUN  DISPLAY NAME
                crm      sftp         active  daily 02:30 Europe/Paris  2026-11-24 02:33:20            CRM
                webshop  sftp         paused  manual                                                7
                """)
    }

    @Test func oneConnection() {
        var connection = sampleConnection
        connection.state = .needsReconnect
        connection.stateReason = "The password is wrong.\u{1B}[2J"
        #expect(
            text(.connection(connection, clock)) == """
                Connection    crm
                Display name  CRM
                Integration   sftp, inbound
                State         needs reconnect
                              The password is wrong.\\x1b[2J
                Sign-in       password
                Credentials   password
                Schedule      daily 02:30 Europe/Paris
                Next run      2026-11-24 02:33:20 (in 6 h 25 min)

                Settings
                  host                  sftp.example.com
                  host_key_fingerprint  SHA256:abc
                  port                  2222
                  username              acme

                Entity customers
                  folder       /in
                  header       true
                  primary_key  id
                """)
    }

    @Test func anEmptyListIsAHintAndNoData() throws {
        let capture = Capture()
        try capture.console().emit(.connections([], clock))
        #expect(capture.out.isEmpty)
        #expect(capture.err.contains("No connections yet"))
        try capture.console(.json).emit(.connections([], clock))
        #expect(capture.out == "{\n  \"connections\": []\n}\n")
        let quiet = Capture()
        try quiet.console(quiet: true).emit(.connections([], clock))
        #expect(quiet.out.isEmpty && quiet.err.isEmpty)
    }

    @Test func anIntegrationOnANarrowScreen() {
        let lines = Report.integration(sampleIntegration).lines(width: 80, colours: false)
        #expect(lines.allSatisfy { DisplayWidth.of($0) <= 80 })
        #expect(lines.contains { $0.hasPrefix("port") && $0.contains("integer") })
        #expect(lines.contains { $0.hasPrefix("password") && $0.contains("secret") })
        #expect(lines.contains { $0.hasPrefix("keep_alive") && $0.contains("duration") })
    }

    @Test func recordsWithNullsAndHostileText() {
        let response = ListRecordsResponse.with {
            $0.fields = ["id", "na\u{202E}me"]
            $0.records = [
                .with {
                    $0.values = [.with { $0.text = "1" }, .with { $0.text = "日本\n\u{1B}[31m" }]
                    $0.run = "connections/crm/runs/2"
                    $0.source = "/in/a.csv"
                    $0.sourceRow = 7
                    $0.importTime = time(1_795_460_000)
                },
                .with { $0.values = [.with { $0.text = "2" }, Value()] },
            ]
        }
        #expect(
            text(.records(response, why: false, clock)) == """
                id  na\\u{202e}me
                1   日本\\n\\x1b[31m
                2   ∅
                """)
        #expect(
            text(.records(response, why: true, clock)).split(separator: "\n")[1]
                == "  2  2026-11-23 19:53:20  /in/a.csv    7  1   日本\\n\\x1b[31m")
        let json = Report.records(response, why: false, clock).json
        #expect(
            json["records"] == [
                ["values": ["id": "1", "na\u{202E}me": "日本\n\u{1B}[31m"]],
                ["values": ["id": "2", "na\u{202E}me": .null]],
            ])
    }

    @Test func aQuarantinedRow() {
        let row = QuarantinedRow.with {
            $0.name = "connections/crm/quarantinedRows/17"
            $0.entity = "connections/crm/entities/customers"
            $0.run = "connections/crm/runs/12"
            $0.reason = "TOO_FEW_FIELDS"
            $0.message = "The row has 2 values, the header 7."
            $0.source = "/in/a.csv"
            $0.line = 9
            $0.sourceRow = 8
            $0.raw = Array("7,\"broken\u{1B}\nrow\"\n".utf8)
            $0.truncated = true
        }
        #expect(
            text(.quarantinedRow(row, clock)) == """
                Row                connections/crm/quarantinedRows/17
                Reason             TOO_FEW_FIELDS
                Message            The row has 2 values, the header 7.
                Entity             customers
                Run                12
                Source             /in/a.csv
                Line               9
                Row in the source  8

                As it stood in the file
                7,"broken\\x1b
                row"
                """)
        #expect(row.json(raw: true)["rawText"] == "7,\"broken\u{1B}\nrow\"\n")
        var binary = row
        binary.raw = [0xFF, 0x00]
        #expect(binary.json(raw: true)["rawBase64"] == "/wA=")
        #expect(binary.json(raw: true)["rawText"] == nil)
        #expect(row.json(raw: false)["rawText"] == nil)
    }

    @Test func theActorTree() {
        let tree = ActorTree.with {
            $0.runPermits = 4
            $0.runningRuns = 1
            $0.actorCount = 3
            $0.actors = [
                .with {
                    $0.connection = "connections/crm"
                    $0.state = "running"
                    $0.currentRun = "connections/crm/runs/12"
                },
                .with {
                    $0.connection = "connections/webshop"
                    $0.state = "parked"
                    $0.restarts = 5
                    $0.lastFailure = "The store is full."
                },
            ]
        }
        #expect(
            text(.actors(tree, clock)) == """
                supervisor: 3 connections, 1 of 4 permits in use, 0 runs queued
                            STATE    RUN  NEXT RUN  RESTARTS  LAST FAILURE
                ├─ crm      running   12                   0
                └─ webshop  parked                         5  The store is full.

                … and 1 more
                """)
    }

    @Test func aTestOfAConnection() async throws {
        let daemon = ScriptedDaemon()
        let capture = Capture()
        daemon.on(ConnectionServiceMethods.testConnection) { _ in
            .with {
                $0.passed = false
                $0.steps = [
                    .with {
                        $0.title = "connect"
                        $0.passed = true
                    },
                    .with {
                        $0.title = "sign in"
                        $0.detail = "The password is wrong."
                    },
                ]
            }
        }
        await #expect(throws: Exit(status: .negative)) { try await run(["test", "crm"], daemon, capture) }
        #expect(capture.out == "ok      connect\nfailed  sign in  The password is wrong.\n")
        #expect(capture.err == "The connection does not work.\n")
    }

    /// Numbers that a newer daemon sends and extreme figures are shown, not trapped on.
    @Test func whatANewerDaemonSaysIsShown() {
        var connection = sampleConnection
        connection.state = .init(rawValue: 99)
        connection.direction = .init(rawValue: -7)
        connection.schedule?.catchUp = .init(rawValue: 12)
        connection.schedule?.kind = .every(.with { $0.period = .with { $0.seconds = .max } })
        connection.nextRunTime = time(.max)
        connection.connectTime = time(.min)
        #expect(text(.connection(connection, clock)).contains("State         99"))
        #expect(ConnectionDocument.json(of: connection, status: true)["status"]?["state"] == "99")
        var run = sampleRun(.init(rawValue: 42)) {
            $0.rowsRead = .max
            $0.rowsQuarantined = .max
            $0.filesListed = .min
            $0.bytesRead = .max
        }
        run.startTime = time(.min)
        run.endTime = time(.max)
        #expect(text(.run(run, clock)).contains("State      42"))
        #expect(!text(.outcome(run)).isEmpty)
        let entity = Entity.with {
            $0.nullValues = .nan
            $0.completeness = -.infinity
            $0.recordCount = .min
            $0.last7Days = [
                .with {
                    $0.newRecords = .max
                    $0.updatedRecords = .max
                }, .with { $0.newRecords = .min },
            ]
        }
        #expect(!text(.entity(entity, clock)).isEmpty)
        #expect(!entity.json.written(.compact).contains("nan"))
        #expect(
            !text(
                .store(
                    .with {
                        $0.fileBytes = .min; $0.longestWriteMicros = .max
                    })
            ).isEmpty)
    }
}

@Suite struct FailureTests {
    /// The table is part of the interface.
    @Test func statusCodesBecomeExitStatuses() {
        let expected: [StatusCode: CausewayCommands.ExitStatus] = [
            .cancelled: .interrupted, .unknown: .software, .invalidArgument: .dataError, .deadlineExceeded: .temporary,
            .notFound: .notFound, .alreadyExists: .cannotCreate, .permissionDenied: .notPermitted,
            .resourceExhausted: .temporary, .failedPrecondition: .precondition, .aborted: .temporary,
            .outOfRange: .dataError, .unimplemented: .protocolMismatch, .internal: .software,
            .unavailable: .unavailable, .dataLoss: .inputOutput, .unauthenticated: .notPermitted,
            StatusCode(rawValue: 99): .software,
        ]
        for (code, status) in expected { #expect(CausewayCommands.ExitStatus(code) == status) }
    }

    @Test func theNumbersAreFixed() {
        #expect(
            CausewayCommands.ExitStatus.allCases.map(\.rawValue)
                == [0, 1, 3, 4, 5, 64, 65, 66, 69, 70, 73, 74, 75, 76, 77, 78, 130])
        #expect(CausewayCommands.ExitStatus.allCases.allSatisfy { !$0.meaning.isEmpty })
    }

    @Test func anErrorForPeopleAndForPrograms() throws {
        let failure = Failure(
            CausewayError(
                .invalidArgument, reason: "INVALID_ARGUMENT", "Two fields are wrong.\u{1B}[2J",
                violations: [
                    FieldViolation(field: "a", description: "too long"),
                    FieldViolation(field: "b", description: "missing"),
                ]))
        #expect(
            failure.lines(colours: false)
                == ["causeway: Two fields are wrong.\\x1b[2J", "  a: too long", "  b: missing"])
        let json = try JSONParser.parse(Array(failure.json.written(.indented).utf8))
        #expect(json["error"]?["exitStatus"] == 65)
        #expect(json["error"]?["reason"] == "INVALID_ARGUMENT")
    }

    @Test(arguments: [
        (["list", "-o", "json"], true), (["list", "--output=json"], true), (["list", "-ojson"], true),
        (["list", "-o", "table"], false), (["json"], false), (["list", "-o"], false),
    ])
    func jsonIsWantedForErrorsToo(_ arguments: [String], _ wanted: Bool) {
        #expect(CausewayTool.wantsJSON(arguments) == wanted)
    }

    @Test func whereTheSocketIs() {
        let all = ["CAUSEWAY_SOCKET": "/c.sock", "XDG_RUNTIME_DIR": "/run/user/7", "HOME": "/home/u"]
        let user = all.filter { $0.key != "CAUSEWAY_SOCKET" }
        func path(_ given: String?, _ variables: [String: String], _ existing: String...) -> String {
            SocketPath.resolve(given, variable: { variables[$0] }, exists: existing.contains)
        }
        #expect(path("/g.sock", all) == "/g.sock")
        #expect(path(nil, all) == "/c.sock")
        #expect(path(nil, user) == SocketPath.ofSystem)
        #expect(path(nil, user, "/run/user/7/causeway/causeway.sock") == "/run/user/7/causeway/causeway.sock")
        let ofState = "/home/u/.local/state/causeway/causeway.sock"
        #expect(path(nil, user, ofState) == ofState)
        #expect(path(nil, [:]) == SocketPath.ofSystem)
    }

    @Test func theVersionIsAnsweredAtOnce() {
        #expect(!CausewayTool.answersAtOnce(["list"]))
        #expect(!CausewayTool.answersAtOnce(["--version", "x"]))
    }

    /// Help is where people look first: each command has a sentence and an example that fits the screen.
    @Test func everyCommandShowsExamples() {
        for command in Self.leaves(of: Causeway.self) where command != ExitCodes.self {
            #expect(!command.configuration.abstract.isEmpty, "\(command)")
            #expect(command.configuration.discussion.contains("Example"), "\(command)")
            for line in command.configuration.discussion.split(separator: "\n") where line.hasPrefix("  ") {
                #expect(line.count <= 80, "\(command): \(line)")
            }
        }
    }

    private static func leaves(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        let subcommands = command.configuration.subcommands
        return subcommands.isEmpty ? [command] : subcommands.flatMap { leaves(of: $0) }
    }
}
