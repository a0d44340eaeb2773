import CausewayConnectorKit
import CausewayConnectors
import CausewayCore
import CausewayDaemon
import CausewayEngine
import CausewayMessages
import CausewayServer
import CausewayStore
import CausewayVault
import Glibc
import Logging
import Synchronization

/// The daemon: store, vault, engine and socket, put together. The only place that knows both the engine and the
/// connectors.
struct Daemon: DaemonService {
    private let store: LMDBStore
    private let supervisor: Supervisor
    private let server: RPCServer
    private let serving: ServingFlag
    private let context: DaemonContext
    /// The root actor at work. Ends with the daemon: cancelled and awaited by ``stop()``.
    private let engine: Task<Void, Never>
    /// Ends with the daemon, as ``engine``.
    private let housekeeping: Task<Void, Never>

    /// How often the slots of dead readers are cleared.
    private static let housekeepingInterval = Duration.seconds(60)
    /// How long calls in progress may take after the end was asked for.
    private static let callGrace = Duration.seconds(5)

    static func start(_ context: DaemonContext) async throws -> Daemon {
        let configuration = context.configuration
        let zones = try FoundationTimeZones()
        var options = StoreOptions()
        options.lowWater = StoreOptions.LowWater(
            bytes: configuration.lowWaterBytes, percent: configuration.lowWaterPercent)
        let shutdown = context.shutdown
        let store = try LMDBStore.open(at: configuration.storePath, clock: context.clock, options: options) { error in
            shutdown.begin(.failure(error))
        }
        do {
            return try await start(context, store, zones)
        } catch {
            store.close()
            throw error
        }
    }

    private static func start(
        _ context: DaemonContext, _ store: LMDBStore, _ zones: FoundationTimeZones
    ) async throws -> Daemon {
        let epoch = try await store.nextEpoch()
        let opening = StoreOpening(store: store, epoch: epoch, context: context)
        let catalogue = ConnectorCatalogue.standard
        var limits = EngineLimits()
        limits.runPermits = context.configuration.runPermits
        limits.stallTimeout = context.configuration.stallTimeout
        var environment = EngineEnvironment(
            store: store, vault: try await opening.vault(), catalogue: catalogue, clock: context.clock,
            random: context.random, spawner: context.spawner, zones: zones,
            logger: context.logger, limits: limits, epoch: epoch, contentSeed: try await opening.contentSeed())
        environment.masterKeySource = opening.masterKeySource
        let supervisor = Supervisor(environment)
        let serving = ServingFlag()
        let installation = Installation(store: store, supervisor: supervisor, serving: serving, context: context)
        let registry = APIRegistry.make(supervisor: supervisor, catalogue: catalogue, installation: installation)
        let server = RPCServer(
            path: context.configuration.socket, mode: context.configuration.socketMode, registry: registry,
            policy: PeerPolicy(context.configuration), agent: "causewayd/\(DaemonVersion.text)",
            logger: context.logger)
        try await supervisor.start()
        let engine = context.spawner { await supervisor.run() }
        do {
            try await server.start()
        } catch {
            await supervisor.stop()
            engine.cancel()
            await engine.value
            throw error
        }
        serving.set(true)
        ProgramPages.release()
        return Daemon(
            store: store, supervisor: supervisor, server: server, serving: serving, context: context, engine: engine,
            housekeeping: context.spawner { await keepHouse(store, context) })
    }

    /// A reader that died, such as the check of a backup, would keep LMDB from using old pages again. Returns when its
    /// task is cancelled.
    private static func keepHouse(_ store: LMDBStore, _ context: DaemonContext) async {
        while (try? await context.clock.sleep(for: housekeepingInterval)) != nil {
            do {
                let cleared = try store.clearDeadReaders()
                guard cleared > 0 else { continue }
                context.logger.notice("slots of dead readers were cleared", metadata: ["slots": "\(cleared)"])
            } catch {
                context.logger.warning("slots of dead readers were not cleared", metadata: ["error": "\(error)"])
            }
        }
    }

    func isAlive() async -> Bool {
        _ = await supervisor.actorTree(limit: 0)
        return true
    }

    func stop() async {
        serving.set(false)
        // Runs first, so that people who watch one see its end; then the calls, and the store last.
        await supervisor.stop()
        await server.shutDown(grace: Self.callGrace)
        engine.cancel()
        housekeeping.cancel()
        await engine.value
        await housekeeping.value
        store.close()
    }

    static func verifyStore(at path: String) throws -> [String] {
        let summary = try StoreVerifier.verify(path)
        return [
            "format \(summary.format), last transaction \(summary.lastTransaction)",
            "\(summary.shards) shards, \(summary.entries) entries, \(summary.bytes) bytes",
            "leaked pages: \(summary.leakedPages)",
        ]
    }
}

/// Whether the daemon serves, for the health call.
final class ServingFlag: Sendable {
    private let flag = Atomic<Bool>(false)
    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set(_ value: Bool) { flag.store(value, ordering: .releasing) }
}

extension PeerPolicy {
    /// The roles that the configuration gives; a user that is named twice has the greater one.
    init(_ configuration: DaemonConfiguration) {
        self.init(daemonUser: geteuid())
        for (principals, role) in [
            (configuration.viewers, Role.viewer), (configuration.operators, .operator), (configuration.admins, .admin),
        ] {
            for user in principals.uids { roleByUser[user] = role }
            for group in principals.gids { roleByGroup[group] = role }
        }
    }
}
