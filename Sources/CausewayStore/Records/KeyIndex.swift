import CausewayCore

/// Key → place and content hash of every record, as sorted runs: a commit appends one, nothing of the others is touched,
/// and where many runs have the same keys they are merged in slices. See ``KeyRunList``, ``KeyBlock``, ``KeyFilter``.
enum KeyIndex {
    /// What the keys of a run's blocks begin with, and its filter's key.
    static func runPrefix(_ shard: ShardID, _ entity: UInt32, _ run: UInt32) -> [UInt8] {
        KeyBuilder.key(shard, entity: entity, field: run)
    }

    /// The keys of all blocks of a run at or above `key`.
    static func blocks(_ prefix: [UInt8], from key: UnsafeRawBufferPointer) -> KeyRange {
        var lower: [UInt8] = []
        lower.reserveCapacity(prefix.count + key.count)
        lower += prefix
        lower.append(contentsOf: key)
        return KeyRange(from: lower, upTo: KeyRange(prefix: prefix).upper)
    }

    /// Checks that the last block of a run is there.
    static func checkEnd(_ run: KeyRun, _ prefix: [UInt8], in transaction: borrowing ReadTransaction) throws {
        var reader = KeyBlockReader()
        var isThere = false
        try transaction.scan(.keys, KeyRange(prefix: prefix), reverse: true) { key, value in
            do throws(Damage) {
                try reader.open(value)
            } catch {
                throw StoreDamage.error(.keys, Array(key), error.detail)
            }
            isThere = Int(reader.sequence) + 1 == run.blocks
            return .stop
        }
        guard isThere else { throw StoreDamage.error(.keys, prefix, "the end of the run is missing") }
    }
}
