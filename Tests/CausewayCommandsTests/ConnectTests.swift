import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayCommands

@Suite struct ConnectTests {
    private let daemon = ScriptedDaemon()
    private let capture = Capture()

    init() {
        daemon.on(CatalogueServiceMethods.getIntegration) { _ in sampleIntegration }
        daemon.on(ConnectionServiceMethods.createConnection) { request in
            var connection = request.connection ?? .init()
            connection.name = "connections/\(request.connectionID)"
            return connection
        }
    }

    private var created: [CreateConnectionRequest] { daemon.requests(ConnectionServiceMethods.createConnection) }

    @Test func asksForWhatIsMissing() async throws {
        let answers = Answers([
            "", "1", "sftp.example.com", "acme", "hunter2", "customers", "/in", "", "daily 02:30",
        ])
        try await run(["connect", "sftp", "--entity", "x"].dropLast(2), daemon, capture, prompt: answers.prompt)
        let request = try #require(created.first)
        #expect(request.connectionID == "sftp")
        #expect(request.connection?.signInMethod == "password")
        #expect(request.connection?.settings.mapValues(\.text) == ["host": "sftp.example.com", "username": "acme"])
        #expect(request.credentials == ["password": Array("hunter2".utf8)])
        #expect(request.connection?.entities.map(\.entity) == ["customers"])
        #expect(request.connection?.entities.first?.settings["folder"]?.text == "/in")
        #expect(ScheduleText.text(request.connection?.schedule) == "daily 02:30")
        #expect(!request.requestID.isEmpty)
        #expect(answers.left.isEmpty)
        #expect(answers.hidden == 1)
        #expect(!answers.shown.contains("hunter2"))
        #expect(!(capture.out + capture.err).contains("hunter2"))
    }

    @Test func listsWhatIsMissingWithoutATerminal() async throws {
        await #expect {
            try await run(["connect", "sftp", "--entity", "customers:pattern=x"], daemon, capture)
        } throws: { error in
            guard let failure = error as? Failure else { return false }
            #expect(failure.status == .usage)
            #expect(failure.message.contains("a name, host, username, password, customers.folder"))
            #expect(failure.hints.contains("--set host=VALUE"))
            return failure.hints.contains { $0.hasPrefix("--secret-file password=PATH") }
        }
        #expect(created.isEmpty)
    }

    @Test func anUnknownHostKeyIsConfirmedOnce() async throws {
        daemon.on(ConnectionServiceMethods.createConnection) { request in
            guard request.connection?.settings["host_key_fingerprint"] == nil else {
                return request.connection ?? .init()
            }
            throw CausewayError(
                .failedPrecondition, reason: "HOST_KEY_UNKNOWN", "unknown",
                metadata: ["fingerprint": "SHA256:xyz", "key_type": "ssh-ed25519"])
        }
        let secret = try SecretFile("hunter2\n")
        let arguments = [
            "connect", "sftp", "--name", "crm", "--sign-in", "password", "--set", "host=h", "--set", "username=u",
            "--secret-file", "password=\(secret.path)", "--entity", "customers:folder=/in", "--schedule", "manual",
        ]
        let answers = Answers(["yes"])
        try await run(arguments, daemon, capture, prompt: answers.prompt)
        #expect(answers.shown.contains("ssh-ed25519  SHA256:xyz"))
        #expect(created.last?.credentials == ["password": Array("hunter2".utf8)])
        #expect(created.last?.connection?.settings["host_key_fingerprint"]?.text == "SHA256:xyz")
        #expect(Set(created.map(\.requestID)).count == 2)

        await #expect { try await run(arguments, daemon, capture, prompt: Answers(["no"]).prompt) } throws: {
            ($0 as? Failure)?.reason == "HOST_KEY_REFUSED"
        }
        // Nobody to ask: the daemon's error, with the flag that answers it.
        await #expect { try await run(arguments, daemon, capture) } throws: { error in
            guard let error = error as? CausewayError else { return false }
            return Failure(error).hints.contains { $0.contains("--accept-host-key SHA256:xyz") }
        }
        try await run(arguments + ["--accept-host-key", "SHA256:xyz"], daemon, capture)
    }

    @Test func oneWrongAnswerIsNotAllAnswersLost() async throws {
        daemon.on(ConnectionServiceMethods.createConnection) { request in
            guard request.connection?.settings["port"]?.kind == .integer(2222) else {
                throw CausewayError(.unavailable, reason: "CONNECTION_REFUSED", "h:22 refuses connections.")
            }
            guard request.credentials["password"] == Array("right".utf8) else {
                throw CausewayError(.unauthenticated, reason: "SIGN_IN_REFUSED", "The password is wrong.")
            }
            return request.connection ?? .init()
        }
        let arguments = [
            "connect", "sftp", "--name", "crm", "--sign-in", "password", "--set", "host=h", "--set", "username=u",
            "--entity", "customers:folder=/in", "--schedule", "manual",
        ]
        let answers = Answers(["wrong", "port=x", "nobody.folder=/x", "port=2222", "password", "right"])
        try await run(arguments, daemon, capture, prompt: answers.prompt)
        #expect(created.count == 3)
        #expect(answers.left.isEmpty)
        #expect(answers.hidden == 2)

        // Giving up ends with the error, and so does a daemon that is not there.
        await #expect { try await run(arguments, daemon, capture, prompt: Answers(["x", ""]).prompt) } throws: {
            ($0 as? CausewayError)?.reason == "CONNECTION_REFUSED"
        }
        daemon.on(ConnectionServiceMethods.createConnection) { _ in
            throw CausewayError(.unavailable, reason: "DAEMON_NOT_RUNNING", "No daemon.")
        }
        await #expect { try await run(arguments, daemon, capture, prompt: Answers(["x"]).prompt) } throws: {
            ($0 as? CausewayError)?.reason == "DAEMON_NOT_RUNNING"
        }
    }

    @Test func aDryRunMakesNothing() async throws {
        try await run(
            [
                "connect", "sftp", "--name", "crm", "--set", "host=h", "--set", "username=u", "--secret-env",
                "password=PATH", "--dry-run",
            ], daemon, capture)
        #expect(created.map(\.validateOnly) == [true])
        #expect(created.first?.credentials["password"] == Environment.value("PATH").map { Array($0.utf8) })
        #expect(capture.err.contains("nothing was made"))
    }

    @Test(arguments: [
        ["connect", "sftp", "--name", "crm", "--set", "password=hunter2"],
        ["connect", "sftp", "--name", "crm", "--secret-file", "password=/nonexistent"],
        ["connect", "sftp", "--name", "crm", "--secret-env", "nothing=HOME"],
        ["connect", "sftp", "--name", "crm", "--sign-in", "magic"],
        ["connect", "sftp", "--name", "crm", "--set", "prot=22"],
    ])
    func refuses(_ arguments: [String]) async {
        await #expect(throws: Failure.self) { try await run(arguments, daemon, capture) }
        #expect(created.isEmpty)
    }
}
