package import CausewayCore

/// Which shards were ever written to.
package enum OwnershipTable {
    /// All shards, those deleted among them: what is kept of one keeps its id from being used again.
    package static func shards(in transaction: borrowing ReadTransaction) throws -> [ShardID] {
        var found: [ShardID] = []
        try transaction.scan(.ownership, KeyRange(from: [], upTo: nil)) { key, _ in
            guard key.count == KeyTail.shardBytes else { return .next }
            let high = UInt64(bigEndian: key.loadUnaligned(as: UInt64.self))
            let low = UInt64(bigEndian: key.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            found.append(ShardID(high: high, low: low))
            return .next
        }
        return found
    }
}
