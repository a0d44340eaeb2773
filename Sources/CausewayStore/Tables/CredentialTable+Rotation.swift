package import CausewayCore

// Credentials across shards, for what concerns the master key.
extension CredentialTable {
    /// A shard's credential, as it is sealed.
    package struct Entry: Hashable, Sendable {
        package var shard: ShardID
        package var name: String
        package var sealed: [UInt8]
    }

    /// Whether any connection has credentials.
    package static func holdsAny(in transaction: borrowing ReadTransaction) throws -> Bool {
        var found = false
        try transaction.scan(.credentials, KeyRange(from: [], upTo: nil)) { _, _ in
            found = true
            return .stop
        }
        return found
    }

    /// All credentials of all shards, shard by shard.
    ///
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package static func everywhere(in transaction: borrowing ReadTransaction) throws -> [Entry] {
        var found: [Entry] = []
        try transaction.scan(.credentials, KeyRange(from: [], upTo: nil)) { key, value in
            guard let shard = ShardID(keyPrefix: key) else {
                throw StoreDamage.error(.credentials, Array(key), "its key is cut short")
            }
            found.append(Entry(shard: shard, name: KeyTail(.credentials, key).text(), sealed: Array(value)))
            return .next
        }
        return found
    }

    /// Replaces a credential; fails the unit unless it is still `before`.
    package static func replace(in unit: inout CommitUnit, _ name: String, _ before: [UInt8], by sealed: [UInt8]) {
        let key = KeyBuilder.key(unit.ownership.shard, name)
        unit.mutations.append(.requireEqual(.credentials, key: key, value: before))
        unit.put(.credentials, key, sealed)
    }
}

extension ShardID {
    /// The shard that a key begins with; nil when the key is shorter.
    init?(keyPrefix key: UnsafeRawBufferPointer) {
        guard key.count >= KeyTail.shardBytes else { return nil }
        self.init(
            high: UInt64(bigEndian: key.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: key.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
}
