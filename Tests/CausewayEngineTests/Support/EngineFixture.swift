import CausewayConnectorKit
import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayTestKit
import CausewayVault
import Logging

/// An engine on a store in memory and a scripted server, all in one simulation: no sockets, no files, no waiting.
struct EngineFixture: Sendable {
    let simulation: Simulation
    let store: MemoryStore
    let server: ScriptedFileServer
    let supervisor: Supervisor
    private let engine: Task<Void, Never>

    /// Starts an engine; must be called inside the simulation.
    ///
    /// - Parameter isRun: false: nobody runs the supervisor.
    static func start(
        _ simulation: Simulation, store: MemoryStore = MemoryStore(), server: ScriptedFileServer? = nil,
        zones: any TimeZoneRules = UTCRules(), isRun: Bool = true,
        limits change: (inout EngineLimits) -> Void = { _ in }
    ) async throws -> EngineFixture {
        let server = server ?? ScriptedFileServer(folders: ["/in"], clock: simulation.clock)
        var limits = EngineLimits()
        limits.startJitter = .zero
        change(&limits)
        let vault = Vault(
            try MasterKey(Secret(Array(repeating: 7, count: MasterKey.byteCount))),
            random: RandomBytes(simulation.random))
        let supervisor = Supervisor(
            EngineEnvironment(
                store: store, vault: vault, catalogue: Catalogue([ScriptedConnector(server, spec: spec)]),
                clock: simulation.clock, random: simulation.random, spawner: simulation.spawner, zones: zones,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, limits: limits,
                epoch: try await store.nextEpoch(), contentSeed: ContentSeed(1)))
        try await supervisor.start()
        return EngineFixture(
            simulation: simulation, store: store, server: server, supervisor: supervisor,
            engine: simulation.spawner { if isRun { await supervisor.run() } })
    }

    func stop() async {
        await supervisor.stop()
        engine.cancel()
        await engine.value
    }

    /// A connection "crm" with the entity "rows" in /in.
    @discardableResult
    func connect(
        _ schedule: CausewayCore.Schedule = .manual, entity: Settings = [:]
    ) async throws(CausewayError) -> CausewayEngine.Connection {
        let settings = ["folder": SettingValue.text("/in"), "quiet_period": .text("0s")].merging(entity) { _, new in new
        }
        _ = try await supervisor.createConnection(
            ConnectionDraft(
                id: "crm", integration: "scripted", settings: [:],
                entities: [CausewayCore.EntitySettings(entity: "rows", settings: settings)], schedule: schedule,
                credentials: [:]))
        return try supervisor.directory.connection("crm")
    }

    /// Fetches and waits for the end.
    func fetch(_ kind: RunKind = .full) async throws -> RunView {
        let connection = try supervisor.directory.connection("crm")
        let run = try await connection.startFetch(kind)
        return try await ended(run.number)
    }

    /// Sets the settings of the entity "rows" anew.
    func set(_ entity: Settings) async throws {
        let settings = ["folder": SettingValue.text("/in"), "quiet_period": .text("0s")].merging(entity) { $1 }
        var change = ConnectionChange()
        change.entities = [CausewayCore.EntitySettings(entity: "rows", settings: settings)]
        _ = try await supervisor.directory.connection("crm").update(change)
    }

    /// What a run said, sentence by sentence.
    func log(_ run: UInt64) async throws -> [StoredLogEntry] {
        try supervisor.directory.connection("crm").logEntries(run: run, from: 0, limit: 1_000, minimumLevel: 0)
            .entries
    }

    func ended(_ number: UInt64) async throws -> RunView {
        let connection = try supervisor.directory.connection("crm")
        for await _ in try await connection.watch(number) {}
        return try await connection.view(of: number)
    }

    /// All runs, first to last.
    func runs() async throws -> [RunView] {
        try await supervisor.directory.connection("crm").runs(before: nil, limit: 500).reversed()
    }

    func export() async throws -> String {
        var text: [UInt8] = []
        try await Queries(supervisor).export("crm", "rows", .csv) { piece, _ in text += piece }
        return String(decoding: text, as: UTF8.self)
    }

    typealias SettingValue = CausewayCore.SettingValue

    private static let spec = IntegrationSpec(
        id: "scripted", title: "Scripted", description: "Files in memory.", directions: [.inbound],
        signInMethods: [SignInMethod(id: "none", title: "None", settings: [])], settings: [],
        entitySettings: [
            SettingSpec("folder", label: "Folder", .text, required: true, help: "Where."),
            SettingSpec("pattern", label: "Pattern", .text, default: .text("*"), help: "Which."),
            SettingSpec("primary_key", label: "Key", .textList, help: "Which fields."),
            SettingSpec("quiet_period", label: "Quiet", .duration(.zero...(.seconds(3_600))), help: "How long."),
            SettingSpec("post_action", label: "Then", .choice(["leave", "move", "delete"]), help: "What then."),
            SettingSpec("archive_folder", label: "Archive", .text, help: "Where to."),
            SettingSpec("quote", label: "Quote", .text, default: .text("auto"), help: "Which."),
            SettingSpec("delimiter", label: "Delimiter", .text, default: .text("auto"), help: "Which."),
            SettingSpec(
                "ragged_rows", label: "Ragged", .choice(["quarantine", "pad", "truncate"]), help: "What then."),
            SettingSpec("schema_policy", label: "Drift", .choice(["accept", "hold", "fail"]), help: "What then."),
            SettingSpec("max_quarantined_rows", label: "Most", .integer(0...1_000_000), help: "How many."),
        ],
        capabilities: [.discover, .resume, .postAction])
    typealias SettingSpec = CausewayConnectorKit.SettingSpec
    typealias SignInMethod = CausewayConnectorKit.SignInMethod
}

extension Simulation {
    /// Runs `body` and rethrows what it throws; a world that gets stuck is an error too.
    static func world(
        seed: UInt64 = 1, origin: Timestamp = Timestamp(seconds: 1_773_000_000),
        _ body: @escaping @Sendable (Simulation) async throws -> Void
    ) throws {
        let simulation = Simulation(seed: seed, origin: origin)
        let failure = Failure()
        let end = simulation.run {
            do {
                try await body(simulation)
            } catch {
                failure.error = error
            }
        }
        if let error = failure.error { throw error }
        guard end == .done else { throw CausewayError(.internal, reason: "STUCK", "\(end)") }
    }

    /// Set on the simulation's thread.
    private final class Failure: @unchecked Sendable {
        var error: (any Error)?
    }
}
