package import CausewayCore
import Synchronization

/// The store as a model: tables in memory, the same rules as `LMDBStore`. For simulations and unit tests.
///
/// It starts no thread and holds its lock only while a unit is applied, so that a simulation on one thread may use it.
package final class MemoryStore: Store {
    /// Awaited around each commit: simulators put latency, faults and crashes there.
    package struct Gates: Sendable {
        /// Before the unit is applied; what it throws is thrown by the commit, and nothing is applied.
        package var before: @Sendable (CommitUnit) async throws(CausewayError) -> Void
        /// After the unit was applied; what it throws is thrown by the commit though the unit is durable.
        package var after: @Sendable (CommitUnit, CommitReceipt) async throws(CausewayError) -> Void

        package init(
            before: @escaping @Sendable (CommitUnit) async throws(CausewayError) -> Void = { _ throws(CausewayError) in
            },
            after: @escaping @Sendable (CommitUnit, CommitReceipt) async throws(CausewayError) -> Void = {
                _, _ throws(CausewayError) in
            }
        ) {
            self.before = before
            self.after = after
        }
    }

    /// All that is durable at one instant. Cheap to take and to keep.
    package struct Image: Sendable {
        fileprivate var tables = MemoryTables()
        fileprivate var epoch: UInt64 = 0
        fileprivate var commits: UInt64 = 0
    }

    private let state: Mutex<Image>
    private let gates: Gates

    /// - Parameter image: what an earlier store held; nil for an empty one.
    package init(_ image: Image? = nil, gates: Gates = Gates()) {
        state = Mutex(image ?? Image())
        self.gates = gates
    }

    /// What is durable now.
    package var image: Image { state.withLock { $0 } }

    /// Units applied, over all its images.
    package var commits: UInt64 { state.withLock { $0.commits } }

    package func read<T>(_ body: (borrowing ReadTransaction) throws -> T) throws -> T {
        try body(ReadTransaction(state.withLock { $0.tables }))
    }

    @discardableResult
    package func commit(_ unit: CommitUnit) async throws(CausewayError) -> CommitReceipt {
        try UnitRules.check(unit)
        try await gates.before(unit)
        let outcome = state.withLock { state in
            let outcome = UnitApplication.apply(unit, to: &state.tables)
            if case .applied = outcome { state.commits += 1 }
            return outcome
        }
        switch outcome {
        case .refused(let error): throw error
        case .applied(let position):
            let receipt = CommitReceipt(position: position)
            try await gates.after(unit, receipt)
            return receipt
        }
    }

    /// Each unit passes the gates by itself; what any of those before throws is thrown, and nothing is applied.
    package func commit(together units: [CommitUnit]) async throws(CausewayError) {
        try UnitRules.check(together: units)
        for unit in units { try await gates.before(unit) }
        let refusal: CausewayError? = state.withLock { state in
            if case .refused(let error) = UnitApplication.apply(together: units, to: &state.tables) { return error }
            state.commits += UInt64(units.count)
            return nil
        }
        if let refusal { throw refusal }
        for unit in units {
            let position = state.withLock {
                $0.tables.withValue(.ownership, KeyBuilder.key(unit.ownership.shard)) {
                    OwnershipRecord.read($0)?.position ?? 0
                }
            }
            try await gates.after(unit, CommitReceipt(position: position))
        }
    }

    /// A new epoch, above all that were given before.
    package func nextEpoch() async throws(CausewayError) -> UInt64 {
        state.withLock { state in
            state.epoch += 1
            return state.epoch
        }
    }
}
