import CausewayCore

/// Key → place and content hash, an entry a record.
enum KeyIndex {
    struct Entry: Hashable, Sendable {
        var place: RecordPlace
        var hash: UInt64
    }

    /// Looks `groups` up, in this order.
    ///
    /// - Returns: by group; nil where the store has no such record.
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    static func look(
        _ groups: KeyGroups, order: [Int32], _ keys: RecordKeys, entity: UInt32, _ shard: ShardID,
        in transaction: borrowing ReadTransaction
    ) throws -> [Entry?] {
        var entries = [Entry?](repeating: nil, count: groups.count)
        var key = KeyBuilder.key(shard, entity: entity)
        let prefix = key.count
        for group in order {
            key.removeSubrange(prefix...)
            key.append(contentsOf: keys.bytes[keys.range(Int(groups.firstRow[Int(group)]))])
            let found: Entry?? = try transaction.get(.keys, key) { decode($0) }
            guard let found else { continue }
            guard let found else { throw StoreDamage.error(.keys, key, "it is not 16 bytes") }
            entries[Int(group)] = found
        }
        return entries
    }

    /// A word with the segment's number in its upper 48 bits and the slot, then the hash; both little-endian.
    static func encode(_ entry: Entry) -> [UInt8] {
        let words = ((entry.place.segment << 16 | UInt64(entry.place.slot)).littleEndian, entry.hash.littleEndian)
        return withUnsafeBytes(of: words) { [UInt8]($0) }
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) -> Entry? {
        guard bytes.count == 16 else { return nil }
        let place = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        return Entry(
            place: RecordPlace(segment: place >> 16, slot: UInt16(truncatingIfNeeded: place)),
            hash: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
}
