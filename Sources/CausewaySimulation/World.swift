import CausewayConnectorKit
import CausewayCore
import CausewayEngine
import CausewayStore
package import CausewayTestKit
import CausewayVault
import Logging

/// One simulated installation over its whole life: boots, runs, faults, crashes, people, and in the end peace, in which
/// everything has to come right.
package struct World: Sendable {
    /// What became of a seed.
    package struct Outcome: Sendable {
        /// What was wrong; nil: nothing.
        package var violation: String?
        /// Equal for equal histories.
        package var trace: UInt64
        package var steps: Int
        package var crashes: Int
        package var virtualTime: Duration
        /// The last things that happened.
        package var events: [Simulation.Event]
    }

    let state: WorldState
    let mutation: Mutation?
    let disk = MemoryStore()
    let servers: [String: ScriptedFileServer]
    private let vault: Vault

    /// Lives the life of `seed`.
    package static func run(seed: UInt64, plan: WorldPlan? = nil, mutation: Mutation? = nil) -> Outcome {
        let simulation = Simulation(seed: seed)
        let state = WorldState(simulation, plan ?? WorldPlan(seed: seed))
        let end: Simulation.End
        do {
            let world = try World(state, mutation: mutation)
            simulation.invariant = { state.violation }
            end = simulation.run { await world.live() }
        } catch {
            state.violate("no world: \(error)")
            end = .done
        }
        if end != .done { state.violate("\(end)") }
        return Outcome(
            violation: state.violation, trace: simulation.trace, steps: simulation.steps, crashes: state.crashes,
            virtualTime: simulation.clock.uptime, events: simulation.events)
    }

    private init(_ state: WorldState, mutation: Mutation?) throws(CausewayError) {
        self.state = state
        self.mutation = mutation
        let simulation = state.simulation
        vault = Vault(
            try MasterKey(Secret(Array(repeating: 7, count: MasterKey.byteCount))),
            random: RandomBytes(simulation.random))
        var servers: [String: ScriptedFileServer] = [:]
        for index in 0..<state.plan.connections {
            servers[Self.id(index)] = ScriptedFileServer(
                folders: ["/in"], clock: simulation.clock, latency: .milliseconds(2)
            ) { _ in
                !state.isCalm && simulation.chance(state.plan.cuts) ? .cutLink : nil
            }
        }
        self.servers = servers
    }

    static func id(_ index: Int) -> String { "c\(index)" }

    /// A boot: the daemon of this generation, from the store as it is.
    func boot() async -> Generation? {
        state.generation += 1
        let generation = state.generation
        state.simulation.note("boot \(generation)")
        let store = FaultyStore(disk, state, generation: generation, mutation: mutation)
        var limits = EngineLimits()
        limits.runPermits = state.plan.permits
        limits.readChunk = 96
        limits.batchRows = 3
        limits.statistics.pendingRows = 1
        limits.compaction.smallSegments = 2
        limits.stallTimeout = .seconds(300)
        limits.reconnect = Backoff(base: .milliseconds(200), ceiling: .seconds(5), limit: 6)
        limits.restart = RestartPolicy(backoff: Backoff(base: .seconds(1), ceiling: .seconds(10), limit: .max))
        guard let epoch = try? await disk.nextEpoch() else { return nil }
        var environment = EngineEnvironment(
            store: store, vault: vault,
            catalogue: Catalogue([SimulatedConnector(world: state, servers: servers, generation: generation)]),
            clock: state.simulation.clock, random: state.simulation.random, spawner: state.simulation.spawner,
            zones: UTCRules(), logger: Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }, limits: limits,
            epoch: epoch, contentSeed: ContentSeed(42))
        if mutation == .twoRuns { environment.plantedBugs = [.checkThenAwait] }
        let supervisor = Supervisor(environment)
        do {
            try await supervisor.start()
        } catch {
            return nil
        }
        let engine = state.simulation.spawner { await supervisor.run() }
        return Generation(number: generation, supervisor: supervisor, engine: engine)
    }

    /// The daemon dies between two instants: nothing of this generation reaches the disk any more.
    func crash(_ dying: Generation) async {
        state.simulation.note("crash of \(dying.number)")
        state.generation += 1
        state.crashes += 1
        state.wantsCrash = false
        // What a dead process cannot do is done here so that no task of it is left over.
        await dying.end()
    }
}

/// One boot of the daemon.
struct Generation: Sendable {
    let number: Int
    let supervisor: Supervisor
    let engine: Task<Void, Never>

    func end() async {
        await supervisor.stop()
        engine.cancel()
        await engine.value
    }
}
