import CausewayCore

@testable import CausewayStore

/// A segment with its bytes.
struct SegmentReader: Sendable {
    let number: UInt64
    private let bytes: [UInt8]
    private let key: [UInt8]
    private let layout: SegmentLayout

    init(_ bytes: [UInt8], key: [UInt8], number: UInt64) throws(CausewayError) {
        do throws(Damage) {
            let range = try bytes.withUnsafeBufferPointer { all throws(Damage) in
                try Checksum.open(UnsafeRawBufferPointer(all))
            }
            try self.init(body: bytes, in: range, key: key, number: number)
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
    }

    /// Reads bytes whose checksum was looked at, or is of no interest.
    init(body bytes: [UInt8], in range: Range<Int>, key: [UInt8], number: UInt64) throws(Damage) {
        self.bytes = bytes
        self.key = key
        self.number = number
        layout = try bytes.withUnsafeBufferPointer { all throws(Damage) in
            try SegmentLayout(UnsafeRawBufferPointer(all), in: range)
        }
    }

    var rowCount: Int { layout.rowCount }
    var provenance: Provenance? { layout.provenance }
    var columns: [SegmentLayout.Column] { layout.columns }
    /// The numbers of the fields that its records carry.
    var fields: [UInt32] { layout.columns.map(\.field) }

    /// For each slot, which row of its source it was.
    func sourceRows() throws(CausewayError) -> [Int64] {
        try parts().flatMap(\.sourceRows)
    }

    func parts() throws(CausewayError) -> [SegmentPart] {
        try reading { all throws(Damage) in try layout.parts(of: all, number: number) }
    }

    /// The records' places, by slot.
    func places() throws(CausewayError) -> [RecordPlace] {
        try parts().flatMap { part in part.slots.map { RecordPlace(segment: part.segment, slot: $0) } }
    }

    /// A field's values; nil when the records do not carry the field.
    func view(of field: UInt32) throws(CausewayError) -> SegmentColumnView? {
        try reading { all throws(Damage) in try layout.view(of: field, in: all, ZstdDecompressor()) }
    }

    /// How many of the cells in `slots` are not null, for each of ``fields``.
    func valueCounts(_ slots: [UInt16]) throws(CausewayError) -> [Int] {
        try reading { all throws(Damage) in
            guard slots.allSatisfy({ Int($0) < rowCount }) else { throw Damage("a slot lies outside") }
            let zstd = ZstdDecompressor()
            var counts: [Int] = []
            counts.reserveCapacity(columns.count)
            for column in columns {
                guard column.kind != .empty, column.hasNulls else {
                    counts.append(column.kind == .empty ? 0 : slots.count)
                    continue
                }
                var decoder = try ColumnDecoder(column, rowCount: rowCount, of: all, zstd)
                let view = try decoder.view()
                counts.append(slots.count { view.codes[Int($0)] != SegmentColumnView.null })
            }
            return counts
        }
    }

    private func reading<T>(_ body: (UnsafeRawBufferPointer) throws(Damage) -> T) throws(CausewayError) -> T {
        do throws(Damage) {
            return try bytes.withUnsafeBufferPointer { all throws(Damage) in try body(UnsafeRawBufferPointer(all)) }
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
    }
}

extension SegmentTable {
    /// A segment that is there.
    static func segment(
        _ number: UInt64, of entity: UInt32, _ shard: ShardID, in transaction: borrowing ReadTransaction
    ) throws -> SegmentReader {
        let key = key(shard, entity, number)
        return try SegmentReader(try transaction.value(.segments, key) ?? [], key: key, number: number)
    }
}
