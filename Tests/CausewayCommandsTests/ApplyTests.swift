import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayCommands

@Suite struct ApplyTests {
    private let daemon = ScriptedDaemon()

    init() {
        daemon.on(CatalogueServiceMethods.getIntegration) { _ in sampleIntegration }
        daemon.on(ConnectionServiceMethods.getConnection) { request in
            guard request.name == sampleConnection.name else { throw CausewayError.notFound(request.name) }
            return sampleConnection
        }
        daemon.on(ConnectionServiceMethods.updateConnection) { $0.connection ?? .init() }
        daemon.on(ConnectionServiceMethods.createConnection) { $0.connection ?? .init() }
        daemon.on(ConnectionServiceMethods.reconnectConnection) { _ in sampleConnection }
    }

    private var applier: Applier {
        Applier(
            session: Session(
                daemon: daemon, console: Capture().console(), prompt: nobody, clock: testClock, timeout: nil),
            prompt: nobody)
    }

    private func document(_ change: (inout [String: JSONValue]) -> Void = { _ in }) throws -> ConnectionDocument {
        guard case .object(var root) = ConnectionDocument.json(of: sampleConnection),
            case .object(var spec)? = root["spec"]
        else { throw Failure.usage("no document") }
        change(&spec)
        root["spec"] = .object(spec)
        return try ConnectionDocument(.object(root))
    }

    @Test func anUnchangedDocumentChangesNothing() async throws {
        let outcome = try await applier.apply(try document())
        #expect(outcome.action == .unchanged)
        #expect(outcome.notes == ["crm: unchanged"])
        #expect(daemon.requests(ConnectionServiceMethods.updateConnection).isEmpty)
        #expect(daemon.requests(ConnectionServiceMethods.reconnectConnection).isEmpty)
    }

    @Test func aChangeIsSentWithItsMask() async throws {
        let outcome = try await applier.apply(try document { $0["schedule"] = ["when": "every 6h"] })
        #expect(outcome.changes == ["schedule: daily 02:30 Europe/Paris → every 6h"])
        let request = try #require(daemon.requests(ConnectionServiceMethods.updateConnection).first)
        #expect(request.updateMask?.paths == ["schedule"])
        #expect(request.connection?.etag == "e1")
        #expect(!request.validateOnly)
    }

    @Test func aConfirmedHostKeyStaysPinned() async throws {
        let outcome = try await applier.apply(
            try document { $0["settings"] = ["host": "sftp.example.com", "port": "2222", "username": "acme"] })
        #expect(outcome.action == .unchanged)
    }

    @Test func secretsAreReadFromWhereTheDocumentSays() async throws {
        let secret = try SecretFile("hunter2\n")
        let document = try document { $0["credentials"] = ["password": ["file": .string(secret.path)]] }
        let outcome = try await applier.apply(document)
        #expect(outcome.changes == ["credentials: replaced password"])
        #expect(
            daemon.requests(ConnectionServiceMethods.reconnectConnection).map(\.credentials)
                == [["password": Array("hunter2".utf8)]])
    }

    @Test func aNewOneNeedsItsSecrets() async throws {
        let json = ConnectionDocument.json(
            of: .with { connection in
                connection = sampleConnection
                connection.name = "connections/new"
            })
        var applier = applier
        await #expect { try await applier.apply(ConnectionDocument(json)) } throws: {
            ($0 as? Failure)?.message.contains("password") == true
        }
        applier.secrets = ["password": .environment("PATH")]
        #expect(try await applier.apply(ConnectionDocument(json)).action == .created)
        #expect(daemon.requests(ConnectionServiceMethods.createConnection).map(\.connectionID) == ["new"])
    }

    @Test func editMergesEntities() async throws {
        let capture = Capture()
        try await run(
            [
                "edit", "crm", "--set", "port=2200", "--unset", "host_key_fingerprint", "--entity",
                "customers:pattern=*.tsv,header=", "--entity", "orders:folder=/out",
            ], daemon, capture)
        let request = try #require(daemon.requests(ConnectionServiceMethods.updateConnection).first)
        #expect(request.updateMask?.paths == ["settings", "entities"])
        #expect(request.connection?.settings["port"]?.kind == .integer(2200))
        #expect(request.connection?.settings["host_key_fingerprint"] == nil)
        #expect(request.connection?.entities.map(\.entity) == ["customers", "orders"])
        #expect(
            request.connection?.entities[0].settings.mapValues(\.text)
                == ["folder": "/in", "primary_key": "id", "pattern": "*.tsv"])
        #expect(capture.out.isEmpty)
        #expect(capture.err.contains("settings.port: 2222 → 2200"))
    }

    @Test func editWithoutAChangeSendsNothing() async throws {
        let capture = Capture()
        try await run(["edit", "crm", "--set", "port=2222"], daemon, capture)
        #expect(capture.err == "crm: unchanged\n")
        #expect(daemon.requests(ConnectionServiceMethods.updateConnection).isEmpty)
    }
}
