package import CausewayCore
import CausewayMessages

/// Brings the figures of one entity up to date with its records, unit by unit.
///
/// Figures are a function of what is stored: tables of values as they were saved, the segments since then, and the
/// journal of records that were replaced since then. So nothing is lost when a run, a settlement or the daemon stops
/// anywhere: the next settlement finds the same. To be used at the end of every run, whether it went well or not:
///
///     guard var settlement = try Settlement.begin(id, shard, seed: seed, now: now, reading: store)
///     else { return }
///     while let mutations = try settlement.next(reading: store) {
///         if !mutations.isEmpty { try await store.commit(CommitUnit(ownership, mutations)) }
///     }
///     state = settlement.state
///
/// Nobody else may write the entity meanwhile; units are guarded and then refused with `COMMIT_CONFLICT`.
/// ``next(reading:)`` reads some tens of segments at most, so that a caller may stop between calls.
package struct Settlement: ~Copyable, @unchecked Sendable {
    // Whoever holds the one value there is works alone with its tables.

    /// What is counted.
    package enum Mode: Hashable, Sendable {
        /// What came and went since the tables were saved.
        case incremental
        /// All live records, from nothing. What the kept figures had wrong is in ``Settlement/differences``.
        case recount
    }

    /// The entity. With its new figures when ``next(reading:)`` has returned nil.
    package internal(set) var state: EntityState
    /// After a recount, which of the kept figures were wrong. None when the kept figures were not up to date.
    package internal(set) var differences: [FigureDifference] = []
    /// Segments' rows read so far, each as often as it was read.
    package private(set) var rowsRead: Int64 = 0

    let mode: Mode
    let now: Timestamp
    let limits: StatisticsLimits
    let guardMutation: Mutation
    let keyFields: Set<UInt32>
    /// The kept figures were those of the records there are now: only then has a recount something to compare with.
    package let wasCurrent: Bool
    var queue: [SettlementWork] = []
    var group: SettlementGroup?
    var pending: ArraySlice<Mutation> = []
    var values: Int64 = 0
    var repeated: (records: Int64, values: Int64) = (0, 0)
    var isApproximate = false
    var countedRecords: Int64?
    var stage = Stage.tables
    let columns: SegmentColumns

    enum Stage { case tables, journal, figures, done }

    /// Looks at what there is to do; nil when there is no such entity.
    ///
    /// - Parameters:
    ///   - id: the entity's id.
    ///   - seed: the store's, under which values are hashed.
    ///   - now: becomes the time of the figures.
    ///   - running: what was counted ahead, if anything was; of no use afterwards.
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package static func begin(
        _ id: String, _ shard: ShardID, seed: ContentSeed, mode: Mode = .incremental, now: Timestamp,
        limits: StatisticsLimits = StatisticsLimits(), after running: RunningSettlement? = nil,
        reading store: some Store
    ) throws -> Settlement? {
        let key = EntityTable.key(shard, id)
        let found = try store.read { transaction -> Found? in
            guard let state = try EntityState.load(in: transaction, shard, id),
                let stored = try transaction.value(.entities, key)
            else { return nil }
            let kept = try FieldFigures.list(in: transaction, shard, entity: state.entity.number)
            let guardMutation = Mutation.requireEqual(.entities, key: key, value: stored)
            var found = Found(state: state, guardMutation: guardMutation, isCurrent: isCurrent(state, kept))
            if mode == .recount || !found.isCurrent {
                found.queue = try plan(state, found.keyFields, mode, kept, limits, in: transaction)
            }
            for field in state.fields where !found.queue.contains(where: { $0.field == field.number }) {
                found.values += kept[field.number]?.valueCount ?? 0
            }
            return found
        }
        guard let found else { return nil }
        var settlement = Settlement(found, seed: seed, mode: mode, now: now, limits: limits)
        if mode == .incremental, let ahead = running?.take(for: found.state, settlement.queue) {
            settlement.queue.removeAll { work in ahead.works.contains { $0.field == work.field } }
            settlement.group = ahead
        }
        return settlement
    }

    /// What there is to do.
    private struct Found {
        var state: EntityState
        var guardMutation: Mutation
        var isCurrent: Bool
        var queue: [SettlementWork] = []
        var values: Int64 = 0

        var keyFields: Set<UInt32> { state.keyFields }
    }

    private init(_ found: Found, seed: ContentSeed, mode: Mode, now: Timestamp, limits: StatisticsLimits) {
        state = found.state
        guardMutation = found.guardMutation
        keyFields = found.keyFields
        wasCurrent = found.isCurrent
        queue = found.queue
        values = found.values
        self.mode = mode
        self.now = now
        self.limits = limits
        columns = SegmentColumns(seed)
        if queue.isEmpty { stage = .done }
    }

    /// The next changes, to be committed as one unit of the entity's shard before the next call; empty when there is
    /// nothing to write yet. Nil when all is done.
    ///
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package mutating func next(reading store: some Store) throws -> [Mutation]? {
        if !pending.isEmpty { return chunk() }
        switch stage {
        case .tables:
            if group == nil {
                guard try beginGroup(store) else {
                    stage = .journal
                    return []
                }
            }
            try advance(store)
            return pending.isEmpty ? [] : chunk()
        case .journal:
            pending = try store.read { try coveredJournal(in: $0) }[...]
            stage = .figures
            return pending.isEmpty ? [] : chunk()
        case .figures:
            stage = .done
            return try finish()
        case .done: return nil
        }
    }

    /// Reads on in the group in hand, or takes one of its tables out when it has read all.
    mutating func advance(_ store: some Store) throws {
        guard var work = group else { return }
        group = nil
        for _ in 0..<limits.segmentsPerStep where !work.isDone {
            let before = work.rowsRead
            let (state, keyFields, columns, limits) = (state, keyFields, columns, limits)
            let isSound = try store.read {
                try work.step(state, keyFields: keyFields, columns, limits: limits, in: $0)
            }
            rowsRead += work.rowsRead - before
            guard isSound else {
                while let (table, tally, contents) = work.popFinished() {
                    queue.append(table.anew(floor: Self.level(tally, contents)))
                }
                return
            }
            while work.memory > limits.tableBytes, let largest = work.removeLargest() { queue.append(largest) }
        }
        if work.isDone {
            guard let (table, tally, contents) = work.popFinished() else { return }
            if let tally { try take(table, tally, work.rowsRead, store) }
            if let contents { try take(table, contents, work, store) }
        }
        group = work
    }

    static func level(_ tally: FieldTally?, _ contents: ContentTally?) -> UInt8 {
        UInt8(truncatingIfNeeded: (tally?.counter ?? contents?.counter)?.level ?? 0)
    }

    private mutating func chunk() -> [Mutation] {
        var bytes = 0
        let part = pending.prefix { mutation in
            defer { bytes += mutation.byteCount }
            return bytes == 0 || bytes + mutation.byteCount <= limits.unitBytes
        }
        pending = pending.dropFirst(part.count)
        return [guardMutation] + part
    }
}
