import CausewayCore

/// Makes record segments from rows of a batch. Owns the scratch of it.
struct SegmentEncoder: ~Copyable, Sendable {
    private var columns: ColumnEncoder
    private var cells: [RowBatch.Cell] = []

    init(_ seed: ContentSeed) { columns = ColumnEncoder(seed) }

    /// A finished segment.
    struct Segment {
        var bytes: [UInt8]
        /// Non-null cells, by position in the encoder's `fields`.
        var valueCounts: [Int]
    }

    /// Encodes some rows of `batch`, in this order.
    ///
    /// - Parameters:
    ///   - rows: 1 to ``SegmentFormat/maximumRows`` rows.
    ///   - fields: the columns to take, with their fields' numbers.
    mutating func encode(
        _ batch: RowBatch, rows: ArraySlice<Int32>, fields: [(column: Int, field: UInt32)], provenance: Provenance
    ) -> Segment {
        var out: [UInt8] = []
        out.reserveCapacity(256 + rows.count * fields.count * 4)
        out.append(SegmentFormat.version)
        out.appendFixed(UInt16(rows.count))
        out.appendFixed(UInt16(fields.count))
        out.appendVarint(provenance.run)
        out.appendVarint(ZigZag.encode(provenance.importTime.micros))
        let source = Array(provenance.source.utf8.prefix(SegmentFormat.maximumSource))
        out.appendVarint(UInt64(source.count))
        out.append(contentsOf: source)
        var previous: Int64 = 0
        for row in rows {
            let sourceRow = batch.sourceRows[Int(row)]
            out.appendVarint(ZigZag.encode(sourceRow &- previous))
            previous = sourceRow
        }
        var directory: [UInt8] = []
        directory.reserveCapacity(fields.count * 9)
        var data: [UInt8] = []
        data.reserveCapacity(rows.count * fields.count * 4)
        var valueCounts: [Int] = []
        valueCounts.reserveCapacity(fields.count)
        for (column, field) in fields {
            gather(batch, rows, column)
            let found = batch.text.withUnsafeBufferPointer { columns.encode(cells, of: $0, into: &data) }
            valueCounts.append(found.values)
            directory.appendFixed(field)
            directory.append(found.kind)
            directory.appendFixed(UInt32(data.count))
        }
        out.append(contentsOf: directory)
        out.append(contentsOf: data)
        Checksum.seal(&out)
        return Segment(bytes: out, valueCounts: valueCounts)
    }

    private mutating func gather(_ batch: RowBatch, _ rows: ArraySlice<Int32>, _ column: Int) {
        let width = batch.columnCount
        cells = batch.cells.withUnsafeBufferPointer { all in
            rows.withUnsafeBufferPointer { rows in
                [RowBatch.Cell](unsafeUninitializedCapacity: rows.count) { target, count in
                    for index in rows.indices {
                        (target.baseAddress.unsafelyUnwrapped + index).initialize(
                            to: all[Int(rows[index]) &* width &+ column])
                    }
                    count = rows.count
                }
            }
        }
    }
}
