import CausewayConnectors
import CausewayCore
import CausewayDaemon
import CausewayEngine
import CausewayStore
import CausewayVault
import Glibc
import Logging

/// Makes many connections in a state folder that no daemon has open: the engine's own call makes each of them, as for a
/// client, without the socket. For measurements of an idle daemon.
@main
struct BenchConnections {
    /// Connections made at once: their commits share transactions.
    private static let width = 256

    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let count = Int(arguments[2]), count > 0 else {
            print("usage: causeway-bench-connections STATE_FOLDER COUNT")
            exit(64)
        }
        do {
            try await make(count, in: arguments[1])
        } catch {
            print("\(error)")
            exit(1)
        }
    }

    private static func make(_ count: Int, in folder: String) async throws {
        guard mkdir(folder, 0o700) == 0 else { throw CausewayError.invalid("STATE_FOLDER", "it cannot be made new.") }
        let clock = SystemClock()
        let store = try LMDBStore.open(at: "\(folder)/store", clock: clock)
        defer { store.close() }
        let epoch = try await store.nextEpoch()
        let opened = try MasterKeySource.file(MasterKeyFile("\(folder)/master-key"), mayCreate: true)
            .open(checkValue: nil, holdsSealedValues: false)
        let random = SystemRandom()
        let seed = ContentSeed(random.next())
        var system = CommitUnit(Ownership(shard: .system, epoch: epoch))
        MasterKeyCheckTable.put(into: &system, opened.newCheckValue ?? [])
        ContentSeedTable.create(in: &system, seed)
        try await store.commit(system)
        let threads = try WorkThreads(count: 2)
        let supervisor = Supervisor(
            EngineEnvironment(
                store: store, vault: opened.vault, catalogue: ConnectorCatalogue.standard, clock: clock,
                random: random, spawner: .system(threads), zones: try FoundationTimeZones(),
                logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }, limits: EngineLimits(),
                epoch: epoch, contentSeed: seed))
        try await supervisor.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                if number >= width { try await group.next() }
                group.addTask { _ = try await supervisor.createConnection(draft(number), skipTest: true) }
            }
            try await group.waitForAll()
        }
        await supervisor.stop()
        threads.shutDown()
    }

    /// A connection as people make them; its slots are a day away, so that it stays idle.
    private static func draft(_ number: Int) -> ConnectionDraft {
        ConnectionDraft(
            id: "bench-\(number)", displayName: "Connection \(number)", integration: "sftp",
            signInMethod: "password",
            settings: [
                "host": .text("sftp\(number % 100).example.com"), "username": .text("user\(number)"),
                "host_key_fingerprint": .texts(["SHA256:" + String(repeating: "A", count: 43)]),
            ],
            entities: [
                EntitySettings(
                    entity: "customers",
                    settings: [
                        "folder": .text("/exports/\(number)"), "pattern": .text("*.csv"), "primary_key": .texts(["id"]),
                    ])
            ],
            schedule: Schedule(.every(.seconds(86_400), anchor: Timestamp(micros: 0))),
            credentials: ["password": Secret("password of \(number)")])
    }
}
