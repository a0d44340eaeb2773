package import CausewayCore
package import CausewayMessages

/// What changed in an entity's metadata, each entity's changes numbered from 1.
package enum MetadataChangeTable {
    /// A change with its number within the entity.
    package struct Entry: Hashable, Sendable {
        package var sequence: UInt64
        package var change: StoredMetadataChange
    }

    /// Latest first, those with a number below `end` (nil: all).
    package static func list(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, entity: UInt32, before end: UInt64? = nil,
        limit: Int
    ) throws -> [Entry] {
        let all = KeyRange(prefix: KeyBuilder.key(shard, entity: entity))
        let range = KeyRange(
            from: all.lower, upTo: end.map { KeyBuilder.key(shard, entity: entity, $0) } ?? all.upper)
        return try TableAccess.list(
            StoredMetadataChange.self, .metadataChanges, range, reverse: true, limit: limit, in: transaction
        ) { key, change in
            Entry(sequence: try key.number(at: 4), change: change)
        }
    }

    package static func put(
        into unit: inout CommitUnit, entity: UInt32, _ sequence: UInt64, _ change: StoredMetadataChange
    ) throws(CausewayError) {
        try unit.put(.metadataChanges, KeyBuilder.key(unit.ownership.shard, entity: entity, sequence), message: change)
    }

    package static func delete(from unit: inout CommitUnit, entity: UInt32, _ sequence: UInt64) {
        unit.delete(.metadataChanges, KeyBuilder.key(unit.ownership.shard, entity: entity, sequence))
    }
}

/// The marker that data of a shard's entities is to be removed: there from the commit that lets go of the data to the
/// end of the removal.
package enum PurgeMarkTable {
    package static func isSet(in transaction: borrowing ReadTransaction, _ shard: ShardID) throws -> Bool {
        try transaction.contains(.settings, key(shard))
    }

    package static func set(in unit: inout CommitUnit) { unit.put(.settings, key(unit.ownership.shard), [1]) }

    package static func remove(from unit: inout CommitUnit) { unit.delete(.settings, key(unit.ownership.shard)) }

    private static func key(_ shard: ShardID) -> [UInt8] { KeyBuilder.key(shard, "purge") }
}
