import CausewayCore
import CausewayMessages

/// Removes data in units of bounded size, so that other writes get their turn between them.
///
/// Each call looks at what is left and gives the next unit; commit it and call again until there is none. Any stop in
/// between loses nothing: what is left is found again.
package enum EntityPurge {
    /// Entries of most tables that one unit removes.
    private static let slice = 10_000
    /// What one unit removes of tables whose values may have some hundred KiB.
    private static let segmentSlice = 100
    private static let largeTables: [Table] = [.segments, .keyFilters, .killed, .valueTables]

    /// The tables of records, by entity number behind the shard.
    static let entityTables: [Table] = [
        .keys, .keyFilters, .keyRuns, .segments, .deadSlots, .killed, .valueTables, .fieldFigures, .metadataChanges,
        .retried, .days, .files, .fields,
    ]

    /// The tables of a shard in the order of their removal. The connection goes last: until then it says that it is
    /// being deleted, and the removal is taken up again after a stop.
    private static let shardTables: [Table] =
        [.credentials, .scheduleStates, .skippedSlots, .entities] + entityTables
        + [.quarantine, .runLogs, .runs, .settings, .connections]

    /// The next unit of the removal of a whole shard; nil when nothing is left, and for the shard `system`.
    package static func shard(
        _ ownership: Ownership, in transaction: borrowing ReadTransaction
    ) throws -> CommitUnit? {
        guard ownership.shard != .system else { return nil }
        let prefix = KeyBuilder.key(ownership.shard)
        for table in shardTables {
            guard try !isEmpty(table, prefix, in: transaction) else { continue }
            return CommitUnit(ownership, [removal(table, prefix)])
        }
        return nil
    }

    /// The next unit of the removal of records and fields that belong to no entity (any more); nil when there are none.
    ///
    /// An entity is deleted by deleting its entry, its records are dropped by ``dropRecords(of:in:)``; both leave their
    /// data to this.
    package static func orphans(
        _ ownership: Ownership, in transaction: borrowing ReadTransaction
    ) throws -> CommitUnit? {
        let living = Set(try EntityTable.list(in: transaction, ownership.shard).map(\.entity.number))
        for table in entityTables {
            var next: UInt32? = try number(table, ownership.shard, from: 0, in: transaction)
            while let number = next {
                if !living.contains(number) {
                    return CommitUnit(ownership, [removal(table, KeyBuilder.key(ownership.shard, entity: number))])
                }
                guard number < .max else { break }
                next = try self.number(table, ownership.shard, from: number + 1, in: transaction)
            }
        }
        return nil
    }

    /// The entity without records, figures, fields and files, under a new number: what was there belongs to no entity.
    package static func dropRecords(
        of state: EntityState, in transaction: borrowing ReadTransaction
    ) throws -> EntityState {
        state.emptied(number: try EntityTable.nextNumber(in: transaction, state.shard))
    }

    private static func removal(_ table: Table, _ prefix: [UInt8]) -> Mutation {
        .deletePrefix(table, prefix: prefix, limit: largeTables.contains(table) ? segmentSlice : slice)
    }

    private static func isEmpty(
        _ table: Table, _ prefix: [UInt8], in transaction: borrowing ReadTransaction
    ) throws -> Bool {
        var isEmpty = true
        try transaction.scan(table, KeyRange(prefix: prefix)) { _, _ in
            isEmpty = false
            return .stop
        }
        return isEmpty
    }

    /// The first entity number, `start` or above, that `table` has anything of.
    private static func number(
        _ table: Table, _ shard: ShardID, from start: UInt32, in transaction: borrowing ReadTransaction
    ) throws -> UInt32? {
        let range = KeyRange(
            from: KeyBuilder.key(shard, entity: start), upTo: KeyRange(prefix: KeyBuilder.key(shard)).upper)
        var found: UInt32?
        try transaction.scan(table, range) { key, _ in
            found = try KeyTail(table, key).half()
            return .stop
        }
        return found
    }
}
