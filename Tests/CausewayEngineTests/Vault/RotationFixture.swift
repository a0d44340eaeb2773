import CausewayConnectorKit
import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayTestKit
import CausewayVault
import Logging
import Synchronization
import Testing

/// An engine on a store in memory whose master key is in a file.
struct RotationFixture: Sendable {
    let store: MemoryStore
    let supervisor: Supervisor
    let file: MasterKeyFile
    /// The passwords that the connector was given, by the connection's server.
    let seen: SeenPasswords

    /// - Parameter image: what an earlier engine left behind.
    static func start(
        in folder: ScratchFolder, image: MemoryStore.Image? = nil, gates: MemoryStore.Gates = MemoryStore.Gates()
    ) async throws -> RotationFixture {
        let store = MemoryStore(image, gates: gates)
        let epoch = try await store.nextEpoch()
        let file = MasterKeyFile(folder.path + "/master-key")
        let source = MasterKeySource.file(file, mayCreate: true)
        let (checkValue, holdsAny) = try store.read {
            (try MasterKeyCheckTable.get(in: $0), try CredentialTable.holdsAny(in: $0))
        }
        let opened = try source.open(checkValue: checkValue, holdsSealedValues: holdsAny)
        if let newCheckValue = opened.newCheckValue {
            var unit = CommitUnit(Ownership(shard: .system, epoch: epoch))
            MasterKeyCheckTable.put(into: &unit, newCheckValue)
            try await store.commit(unit)
        }
        let seen = SeenPasswords()
        var environment = EngineEnvironment(
            store: store, vault: opened.vault, catalogue: Catalogue([PasswordConnector(seen: seen)]),
            clock: StillClock(), random: CountingRandom(),
            spawner: Spawner { _, operation in Task { await operation() } },
            zones: UTCRules(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, limits: EngineLimits(),
            epoch: epoch, contentSeed: ContentSeed(1))
        environment.masterKeySource = source
        let supervisor = Supervisor(environment)
        try await supervisor.start()
        return RotationFixture(store: store, supervisor: supervisor, file: file, seen: seen)
    }

    func create(_ id: String, password: String) async throws {
        let draft = ConnectionDraft(
            id: id, displayName: id, integration: "test", direction: .inbound, signInMethod: "password",
            settings: ["server": .text(id)], entities: [EntitySettings(entity: "files", settings: [:])],
            schedule: .manual, credentials: ["password": Secret(password)])
        _ = try await supervisor.createConnection(draft, skipTest: true)
    }

    func reconnect(_ id: String, password: String) async throws {
        _ = try await supervisor.directory.connection(id).reconnect(
            signInMethod: "", credentials: ["password": Secret(password)], settings: [:], skipTest: true)
    }

    /// The password as a run would get it.
    func password(of id: String) async throws -> String? {
        _ = try await supervisor.directory.connection(id).test(credentials: nil)
        return seen[id]
    }

    /// Every password as the key in the file opens it, as at a start; nothing that is started.
    func passwordsUnderTheFile() throws -> [String] {
        let key = try #require(try file.read())
        let vault = Vault(key)
        let (checkValue, entries) = try store.read {
            (try MasterKeyCheckTable.get(in: $0), try CredentialTable.everywhere(in: $0))
        }
        #expect(try vault.accepts(try #require(checkValue)))
        return try entries.map { entry in
            let secret = try vault.open(entry.sealed, SealContext(shard: entry.shard, name: entry.name))
            return secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        }.sorted()
    }
}

/// What the connector was given.
final class SeenPasswords: Sendable {
    private let passwords = Mutex<[String: String]>([:])
    subscript(id: String) -> String? { passwords.withLock { $0[id] } }
    func note(_ id: String, _ password: Secret?) {
        let text = password?.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        passwords.withLock { $0[id] = text }
    }
}

/// Notes the password, and has no server.
private struct PasswordConnector: Connector {
    let seen: SeenPasswords

    var spec: IntegrationSpec {
        IntegrationSpec(
            id: "test", title: "Test", description: "For tests.", directions: [.inbound],
            signInMethods: [
                SignInMethod(
                    id: "password", title: "Password",
                    settings: [SettingSpec("password", label: "Password", .text, secret: true, help: "Any.")])
            ],
            settings: [SettingSpec("server", label: "Server", .text, required: true, help: "Which server.")],
            entitySettings: [], capabilities: [])
    }

    func makeFileSource(_ configuration: ConnectorConfiguration) throws(CausewayError) -> any FileSource {
        seen.note(configuration.settings.text("server") ?? "", configuration.credentials["password"])
        throw .notFound("server")
    }
}

private struct StillClock: CausewayClock {
    var now: Timestamp { Timestamp(seconds: 1_773_000_000) }
    var uptime: Duration { .zero }
    func sleep(for duration: Duration) async throws { throw CancellationError() }
}

private final class CountingRandom: RandomSource {
    private let count = Atomic<UInt64>(0)
    func next() -> UInt64 { count.wrappingAdd(1, ordering: .relaxed).newValue &* 0x9E37_79B9_7F4A_7C15 }
}
