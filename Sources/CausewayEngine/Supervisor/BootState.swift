import CausewayCore
import CausewayMessages
import CausewayStore

/// What a connection's actor needs to know of the store when it is made.
struct BootState: Sendable {
    var id: String
    var shard: ShardID
    var stored: StoredConnection
    var lastRunNumber: UInt64
    /// Runs that were left open or ended as interrupted, oldest first: others are to go on from their checkpoints.
    var unfinishedRuns: [RunTable.Entry]
    var schedule: StoredScheduleState?
    /// Data that was deleted is not all removed.
    var isPurging = false

    /// Connections by id, those behind `after`.
    static func page(in transaction: borrowing ReadTransaction, after: String?, limit: Int) throws -> [BootState] {
        var found: [BootState] = []
        for entry in try DirectoryTable.list(in: transaction, from: after.map { $0 + "\0" } ?? "", limit: limit) {
            guard let boot = try of(entry.id, entry.shard, in: transaction) else { continue }
            found.append(boot)
        }
        return found
    }

    static func of(_ id: String, in transaction: borrowing ReadTransaction) throws -> BootState? {
        guard let shard = try DirectoryTable.get(in: transaction, id) else { return nil }
        return try of(id, shard, in: transaction)
    }

    private static func of(
        _ id: String, _ shard: ShardID, in transaction: borrowing ReadTransaction
    ) throws -> BootState? {
        guard let stored = try ConnectionTable.get(in: transaction, shard) else { return nil }
        let latest = try RunTable.list(in: transaction, shard, limit: 1)
        return BootState(
            id: id, shard: shard, stored: stored, lastRunNumber: latest.first?.number ?? 0,
            unfinishedRuns: try RunSuccession.unfinished(latest, shard, in: transaction),
            schedule: try ScheduleStateTable.get(in: transaction, shard),
            isPurging: try PurgeMarkTable.isSet(in: transaction, shard))
    }

    /// Shards that have data but no name: a creation that was not finished, or a deletion that was not.
    static func orphans(in transaction: borrowing ReadTransaction, known: Set<ShardID>) throws -> [ShardID] {
        try OwnershipTable.shards(in: transaction).filter { shard in
            guard shard != .system, !known.contains(shard) else { return false }
            return try EntityPurge.shard(Ownership(shard: shard, epoch: 0), in: transaction) != nil
        }
    }
}
