import CausewayCore

/// Where a row that comes out of quarantine stood among the rows that were taken: it must not replace a record that
/// came behind it.
package struct RetriedRow: Hashable, Sendable {
    /// What ``UpsertPlan/places(before:)`` said when the row was rejected; 0 when it is not known.
    package var place: UInt64
    /// Its number in quarantine; rows get them in the order they come.
    package var sequence: UInt64

    package init(place: UInt64, sequence: UInt64) {
        self.place = place
        self.sequence = sequence
    }
}

/// Tells whether records came before or behind the rows of a batch out of quarantine.
struct RetryOrder: Sendable {
    /// By row.
    private let rows: [RetriedRow]
    /// By group, the number in quarantine that the stored record came out of; 0 where it came with a file.
    private var sequences: [UInt64]

    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    init(
        _ rows: [RetriedRow], stored: [KeyEntry], _ shard: ShardID, entity: UInt32,
        in transaction: borrowing ReadTransaction
    ) throws {
        self.rows = rows
        sequences = [UInt64](repeating: 0, count: stored.count)
        var known: [UInt64: [UInt64]] = [:]
        for (group, record) in stored.enumerated() where record.place != .max {
            let place = RecordPlace(packed: record.place)
            if known[place.segment] == nil {
                known[place.segment] = try Self.sequences(of: place.segment, shard, entity, in: transaction)
            }
            guard let all = known[place.segment], Int(place.slot) < all.count else { continue }
            sequences[group] = all[Int(place.slot)]
        }
    }

    /// Whether the stored record of `group` came behind `row`.
    func isOvertaken(_ row: Int32, by record: KeyEntry, of group: Int) -> Bool {
        let row = rows[Int(row)]
        return sequences[group] == 0 ? record.place >= row.place : sequences[group] > row.sequence
    }

    /// What is kept of a segment of records out of quarantine: their numbers there, 8 bytes each, by slot.
    func bytes(of rows: ArraySlice<Int32>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 * rows.count)
        for row in rows { bytes.appendFixed(self.rows[Int(row)].sequence) }
        return bytes
    }

    private static func sequences(
        of segment: UInt64, _ shard: ShardID, _ entity: UInt32, in transaction: borrowing ReadTransaction
    ) throws -> [UInt64] {
        let key = SegmentTable.key(shard, entity, segment)
        return try transaction.get(.retried, key) { bytes in
            guard bytes.count % 8 == 0 else { throw StoreDamage.error(.retried, key, "it is cut short") }
            return stride(from: 0, to: bytes.count, by: 8).map { offset in
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
        } ?? []
    }
}

extension UpsertPlan {
    /// For rows of the batch's source that were not taken, ascending, where they stood: the place (packed) of the first
    /// record behind each. What lies there or further on came later.
    package func places(before sourceRows: [Int64]) -> [UInt64] {
        let taken = rows
        let parts = SegmentParting(taken.count)
        var next = 0
        return sourceRows.map { sourceRow in
            while next < taken.count, batch.sourceRows[Int(taken[next])] <= sourceRow { next += 1 }
            return parts.place(of: next, firstSegment: state.nextSegment).packed
        }
    }
}

/// How the records of a batch are divided into segments.
struct SegmentParting {
    private let rows: Int
    let count: Int

    init(_ rows: Int) {
        self.rows = rows
        count = (rows + SegmentFormat.maximumRows - 1) / SegmentFormat.maximumRows
    }

    subscript(part: Int) -> Range<Int> { rows * part / count..<rows * (part + 1) / count }

    /// Of the `index`-th record; of the number behind the last, where the next batch begins.
    func place(of index: Int, firstSegment: UInt64) -> RecordPlace {
        for part in 0..<count where self[part].contains(index) {
            return RecordPlace(
                segment: firstSegment + UInt64(part), slot: UInt16(truncatingIfNeeded: index - self[part].lowerBound))
        }
        return RecordPlace(segment: firstSegment + UInt64(count), slot: 0)
    }
}
