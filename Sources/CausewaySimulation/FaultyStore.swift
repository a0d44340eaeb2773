import CausewayCore
import CausewayStore
import CausewayTestKit

/// One generation's view of the world's disk: a commit takes time, may fail, and fails for ever once its generation is
/// dead. Mutations bend it on purpose.
final class FaultyStore: Store {
    private let disk: MemoryStore
    private let world: WorldState
    private let generation: Int
    private let mutation: Mutation?

    init(_ disk: MemoryStore, _ world: WorldState, generation: Int, mutation: Mutation?) {
        self.disk = disk
        self.world = world
        self.generation = generation
        self.mutation = mutation
    }

    func read<T>(_ body: (borrowing ReadTransaction) throws -> T) throws -> T {
        guard world.generation == generation else { throw CausewayError.storeStopped }
        return try disk.read(body)
    }

    func commit(_ unit: CommitUnit) async throws(CausewayError) -> CommitReceipt {
        switch mutation {
        case .splitCommit:
            let records = unit.mutations.filter(\.isOfRecords)
            guard !records.isEmpty, records.count < unit.mutations.count else { return try await durable(unit) }
            _ = try await durable(CommitUnit(unit.ownership, records))
            return try await durable(CommitUnit(unit.ownership, unit.mutations.filter { !$0.isOfRecords }))
        case .earlyAcknowledgement:
            _ = world.simulation.spawner { _ = try? await self.durable(unit) }
            return CommitReceipt(position: 0)
        case .lostUpdate:
            return try await durable(CommitUnit(unit.ownership, unit.mutations.filter { !$0.isRequirement }))
        case .twoRuns, nil:
            return try await durable(unit)
        }
    }

    func commit(together units: [CommitUnit]) async throws(CausewayError) {
        switch mutation {
        case .splitCommit:
            for unit in units { _ = try await durable(unit) }
        case .earlyAcknowledgement:
            _ = world.simulation.spawner { try? await self.durable(together: units) }
        case .lostUpdate:
            try await durable(
                together: units.map { CommitUnit($0.ownership, $0.mutations.filter { !$0.isRequirement }) })
        case .twoRuns, nil:
            try await durable(together: units)
        }
    }

    private func durable(_ unit: CommitUnit) async throws(CausewayError) -> CommitReceipt {
        try await withFaults { () async throws(CausewayError) in try await self.disk.commit(unit) }
    }

    private func durable(together units: [CommitUnit]) async throws(CausewayError) {
        try await withFaults { () async throws(CausewayError) in try await self.disk.commit(together: units) }
    }

    private func withFaults<R: Sendable>(
        _ write: @Sendable () async throws(CausewayError) -> R
    ) async throws(CausewayError) -> R {
        let simulation = world.simulation
        try await pass(simulation.draw(below: world.plan.commitLatency + 1))
        guard world.generation == generation, !world.wantsCrash else { throw .storeStopped }
        if !world.isCalm, simulation.chance(world.plan.commitFaults) { throw .storeFault }
        let result = try await write()
        if !world.isCalm, simulation.chance(world.plan.unknownOutcomes) {
            world.wantsCrash = true
            throw .storeOutcomeUnknown
        }
        try await pass(simulation.draw(below: world.plan.commitLatency / 4 + 1))
        // It is on disk, but nobody is there any more to be told.
        guard world.generation == generation else { throw .storeStopped }
        return result
    }

    /// A commit that was handed in is not given up when its caller is cancelled, so its time passes regardless.
    private func pass(_ milliseconds: Int) async throws(CausewayError) {
        guard milliseconds > 0 else { return }
        let simulation = world.simulation
        await simulation.spawner { try? await simulation.clock.sleep(for: .milliseconds(Int64(milliseconds))) }.value
    }
}

extension CausewayStore.Mutation {
    fileprivate var table: Table {
        switch self {
        case .put(let table, _, _), .append(let table, _, _), .delete(let table, _), .deletePrefix(let table, _, _),
            .requireAbsent(let table, _), .requireEqual(let table, _, _):
            table
        }
    }

    fileprivate var isOfRecords: Bool {
        [.segments, .deadSlots, .keys, .keyFilters, .keyRuns, .killed, .retried, .entities, .fields, .days].contains(
            table)
    }

    fileprivate var isRequirement: Bool {
        switch self {
        case .requireAbsent, .requireEqual: true
        default: false
        }
    }
}

extension CausewayError {
    static var storeStopped: CausewayError {
        CausewayError(.unavailable, reason: "STORE_STOPPED", "The store has stopped.", retry: .never)
    }
    static var storeFault: CausewayError {
        CausewayError(.unavailable, reason: "STORE_IO", "The disk failed; nothing was changed.")
    }
    static var storeOutcomeUnknown: CausewayError {
        CausewayError(.unavailable, reason: "STORE_OUTCOME_UNKNOWN", "The disk failed in the middle.", retry: .never)
    }
}
