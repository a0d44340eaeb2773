package import CausewayCore
import CausewayMessages

/// Counts the records of a run while it goes on, so that little is left to count at its end.
///
/// It holds tables in memory only, as they were saved plus what came since, and writes nothing: whenever it is lost, a
/// ``Settlement`` finds everything as if it had never been. It only adds; what was replaced meanwhile is taken away by the
/// settlement that takes the tables over. For one entity, and one caller at a time.
package final class RunningSettlement: @unchecked Sendable {
    // Whoever calls waits for the end of the call before.

    private let id: String
    private let shard: ShardID
    private let seed: ContentSeed
    private let limits: StatisticsLimits
    /// The tables, and the entity that they are of.
    private var begun: (entity: UInt32, keyFields: Set<UInt32>, group: SettlementGroup)?
    private var columns: SegmentColumns?
    private var edits: UInt64 = 0

    package init(_ id: String, _ shard: ShardID, seed: ContentSeed, limits: StatisticsLimits = StatisticsLimits()) {
        self.id = id
        self.shard = shard
        self.seed = seed
        self.limits = limits
    }

    /// Counts some of what has come. Reads one snapshot, during which others may write.
    ///
    /// - Parameter edits: when it has changed, somebody has edited the entity: what was counted is dropped.
    /// - Returns: how many rows it has counted.
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package func advance(edits: UInt64, now: Timestamp, reading store: some Store) throws -> Int64 {
        if edits != self.edits { begun = nil }
        self.edits = edits
        if begun == nil { guard try begin(now, store) else { return 0 } }
        guard let taken = begun else { return 0 }
        begun = nil
        var group = taken.group
        let (columns, before) = (columns ?? SegmentColumns(seed), group.rowsRead)
        let isThere = try store.read { transaction -> Bool in
            guard let state = try EntityState.load(in: transaction, shard, id), state.entity.number == taken.entity,
                state.keyFields == taken.keyFields
            else { return false }
            try group.addAhead(
                state, keyFields: taken.keyFields, columns, cells: limits.cellsAhead, in: transaction)
            return true
        }
        guard isThere else { return 0 }
        while group.memory > limits.tableBytes, group.removeLargest() != nil {}
        begun = (taken.entity, taken.keyFields, group)
        self.columns = columns
        return group.rowsRead - before
    }

    /// Takes the saved tables up once enough has come to make it worth it.
    private func begin(_ now: Timestamp, _ store: some Store) throws -> Bool {
        guard var settlement = try Settlement.begin(id, shard, seed: seed, now: now, limits: limits, reading: store),
            let first = settlement.queue.first
        else { return false }
        let covered = first.header?.coveredSegment ?? 0
        guard settlement.state.entity.nextSegment - covered >= limits.segmentsBefore else { return false }
        // Nobody knows how many records will come: a key that turns out to have few is counted anew.
        for index in settlement.queue.indices where settlement.queue[index].isKey {
            if settlement.queue[index].header == nil { settlement.queue[index].floor = FieldTally.keyLevel }
        }
        guard try settlement.beginGroup(store), let group = settlement.group else { return false }
        begun = (settlement.state.entity.number, settlement.keyFields, group)
        return true
    }

    /// The tables, as far as a settlement of the entity as it is now needs them.
    ///
    /// When something is to be taken away, a table may have become coarser than if that had been taken away first. It is
    /// of use all the same when there is too much to count exactly either way; what is saved tells a recount how coarse.
    func take(for state: EntityState, _ queue: [SettlementWork]) -> SettlementGroup? {
        guard let begun else { return nil }
        self.begun = nil
        columns = nil
        var group = begun.group
        guard begun.entity == state.entity.number, begun.keyFields == state.keyFields else { return nil }
        let mayHaveGone = state.entity.nextKilled > group.coveredKilled
        let least = 2 * Int64(limits.exactDistinct)
        group.keep(queue) { work, counter in
            guard mayHaveGone, UInt64(work.header?.level ?? work.floor) != counter.level else { return .asItIs }
            return work.isKey || counter.distinct > least ? .saved : nil
        }
        return group.works.isEmpty ? nil : group
    }
}

extension EntityState {
    /// The numbers of the fields of the primary key.
    var keyFields: Set<UInt32> { Set(entity.primaryKey.compactMap { field($0)?.number }) }
}
