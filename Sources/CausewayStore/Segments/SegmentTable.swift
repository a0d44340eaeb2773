import CausewayCore

/// Segments and their dead slots in the store.
enum SegmentTable {
    static func key(_ shard: ShardID, _ entity: UInt32, _ segment: UInt64) -> [UInt8] {
        KeyBuilder.key(shard, entity: entity, segment)
    }

    /// Calls `body` with a segment where it lies in the store: nothing is copied. Nil when it is not there.
    ///
    /// - Parameter zstd: may be used for one segment after the other.
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`) when it is not intact, and what `body` throws.
    static func withSegment<R>(
        _ number: UInt64, of entity: UInt32, _ shard: ShardID, in transaction: borrowing ReadTransaction,
        _ zstd: ZstdDecompressor = ZstdDecompressor(), _ body: (borrowing SegmentView) throws -> R
    ) throws -> R? {
        let key = key(shard, entity, number)
        return try transaction.get(.segments, key) { bytes in
            try body(SegmentView(bytes, key: key, number: number, zstd))
        }
    }

    /// As ``withSegment(_:of:_:in:_:_:)``, with the segment's dead slots.
    static func withRecords<R>(
        _ number: UInt64, of entity: UInt32, _ shard: ShardID, in transaction: borrowing ReadTransaction,
        _ zstd: ZstdDecompressor = ZstdDecompressor(), _ body: (borrowing SegmentView, DeadSlots) throws -> R
    ) throws -> R? {
        try withSegment(number, of: entity, shard, in: transaction, zstd) { segment in
            let dead = try segment.deadSlots { try deadSlots($0, of: entity, shard, in: transaction) }
            return try body(segment, dead)
        }
    }

    /// The segment that has the record with a place in `segment`, if it is there still: the last one up to that number.
    static func holder(
        of segment: UInt64, entity: UInt32, _ shard: ShardID, in transaction: borrowing ReadTransaction
    ) throws -> UInt64? {
        try neighbour(of: segment &+ 1, above: false, entity: entity, shard, in: transaction)
    }

    /// The dead slots of the segment of records' places, wherever these records lie now.
    static func deadSlots(
        _ number: UInt64, of entity: UInt32, _ shard: ShardID, in transaction: borrowing ReadTransaction
    ) throws -> DeadSlots {
        let key = key(shard, entity, number)
        return try transaction.value(.deadSlots, key).map { try DeadSlots($0, key: key) } ?? DeadSlots()
    }

    /// The next segment's number above or below `number`; nil at the end.
    static func neighbour(
        of number: UInt64?, above: Bool, entity: UInt32, _ shard: ShardID, in transaction: borrowing ReadTransaction
    ) throws -> UInt64? {
        let all = KeyRange(prefix: KeyBuilder.key(shard, entity: entity))
        var range = all
        if let number {
            if above {
                guard number < .max else { return nil }
                range = KeyRange(from: key(shard, entity, number + 1), upTo: all.upper)
            } else {
                range = KeyRange(from: all.lower, upTo: key(shard, entity, number))
            }
        }
        var found: UInt64?
        try transaction.scan(.segments, range, reverse: !above) { key, _ in
            found = try KeyTail(.segments, key).number(at: 4)
            return .stop
        }
        return found
    }
}
