package import CausewayCore

/// What a shard takes in each table: bytes of keys and values, without what pages leave free.
package struct ShardSizes: Hashable, Sendable {
    private var bytes: [Table: UInt64] = [:]
    /// Records in segments, dead or not.
    private var records: UInt64 = 0
    private var deadRecords: UInt64 = 0

    package init() {}

    /// Of these tables together.
    package func bytes(of tables: some Sequence<Table>) -> UInt64 { tables.reduce(0) { $0 + (bytes[$1] ?? 0) } }

    /// Of all tables.
    package var total: UInt64 { bytes.values.reduce(0, +) }

    /// What records that were replaced take, about: their share of all records, of the bytes of segments.
    package var deadRecordBytes: UInt64 {
        records == 0 ? 0 : UInt64(Double(bytes(of: [.segments])) * Double(min(records, deadRecords)) / Double(records))
    }

    private mutating func add(_ other: ShardSizes) {
        bytes.merge(other.bytes) { $0 + $1 }
        records += other.records
        deadRecords += other.deadRecords
    }

    private mutating func count(_ table: Table, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        bytes[table, default: 0] += UInt64(key.count) + UInt64(value.count)
        switch table {
        case .segments: records += UInt64(SegmentLayout.rowCount(of: value) ?? 0)
        case .deadSlots: deadRecords += UInt64(DeadSlots.count(in: value))
        default: break
        }
    }

    /// Of all shards. Looks at every key, so that it takes time with their number; of large values only the beginning is
    /// read.
    ///
    /// Each `step` of keys has a snapshot of its own: what is written meanwhile is counted or not, and no reader holds
    /// the store up.
    ///
    /// - Throws: ``CausewayError``, those of the store; `CancellationError`, between two steps.
    package static func all(in store: some Store, step: Int = 10_000) async throws -> [ShardID: ShardSizes] {
        var sizes: [ShardID: ShardSizes] = [:]
        for table in Table.allCases {
            var start: [UInt8]? = []
            while let from = start {
                try Task.checkCancellation()
                start = try store.read { transaction in
                    try count(table, from: from, limit: step, in: transaction) { shard, some in
                        sizes[shard, default: ShardSizes()].add(some)
                    }
                }
            }
        }
        return sizes
    }

    /// - Parameter add: is told what a shard takes, once or more often.
    /// - Returns: where to go on; nil at the end.
    private static func count(
        _ table: Table, from start: [UInt8], limit: Int, in transaction: borrowing ReadTransaction,
        _ add: (ShardID, ShardSizes) -> Void
    ) throws -> [UInt8]? {
        var current: ShardID?
        var sum = ShardSizes()
        var left = limit
        var next: [UInt8]?
        try transaction.scan(table, KeyRange(from: start, upTo: nil)) { key, value in
            guard key.count >= 16 else { throw CausewayError.damaged("A key of table \(table.name) has no shard.") }
            let shard = ShardID(
                high: UInt64(bigEndian: key.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: key.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
            if shard != current {
                if let current { add(current, sum) }
                current = shard
                sum = ShardSizes()
            }
            sum.count(table, key, value)
            left -= 1
            guard left > 0 else {
                next = [UInt8](key) + [0]
                return .stop
            }
            return .next
        }
        if let current { add(current, sum) }
        return next
    }
}
