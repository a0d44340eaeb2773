import CausewayCore

/// Makes record segments from rows of a batch. Owns the scratch of it.
struct SegmentEncoder: ~Copyable, Sendable {
    private var columns: ColumnEncoder
    private let cells = Scratch<RowBatch.Cell>(gathered * SegmentFormat.maximumRows)
    private var head = ByteSink(capacity: 16 << 10)
    private var data = ByteSink(capacity: 512 << 10)

    /// Columns that are taken out of the rows at once: as many cells as a cache line holds.
    private static let gathered = 8

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
    ///   - batch: consistent.
    ///   - rows: 1 to ``SegmentFormat/maximumRows`` rows.
    ///   - fields: the columns to take, with their fields' numbers.
    mutating func encode(
        _ batch: RowBatch, rows: ArraySlice<Int32>, fields: [(column: Int, field: UInt32)], provenance: Provenance
    ) -> Segment {
        beginHead(SegmentFormat.version, rows: rows.count, columns: fields.count)
        appendOrigin(batch, rows, provenance)
        return appendColumns(batch, rows, fields)
    }

    /// Encodes all rows of `batch`, which come from several segments.
    ///
    /// - Parameters:
    ///   - batch: one row for each record of `parts`, in their order; its source rows are of no interest.
    ///   - number: the segment's.
    ///   - fields: of the columns.
    mutating func encode(
        _ batch: RowBatch, _ parts: [SegmentPart], as number: UInt64, fields: [UInt32]
    ) -> Segment {
        beginHead(SegmentFormat.compactedVersion, rows: batch.rowCount, columns: fields.count)
        SegmentParts.encode(parts, in: number, to: &data)
        head.appendVarint(UInt64(data.count))
        head.append(data.base, data.count)
        data.clear()
        let columns = fields.enumerated().map { (column: $0, field: $1) }
        return appendColumns(batch, Array(0..<Int32(batch.rowCount))[...], columns)
    }

    private mutating func appendColumns(
        _ batch: RowBatch, _ rows: ArraySlice<Int32>, _ fields: [(column: Int, field: UInt32)]
    ) -> Segment {
        var valueCounts: [Int] = []
        valueCounts.reserveCapacity(fields.count)
        var empty: UInt8 = 0
        withUnsafePointer(to: &empty) { empty in
            batch.text.withUnsafeBufferPointer { text in
                let text = (base: text.baseAddress ?? empty, count: text.count)
                for first in stride(from: 0, to: fields.count, by: Self.gathered) {
                    let some = fields[first..<min(first + Self.gathered, fields.count)]
                    gather(batch, rows, some)
                    for (index, (_, field)) in some.enumerated() {
                        let cells = ColumnEncoder.Cells(
                            base: UnsafePointer(cells.base + index * rows.count), count: rows.count, text: text.base,
                            textCount: text.count)
                        let found = columns.encode(cells, into: &data)
                        valueCounts.append(found.values)
                        head.appendFixed(field)
                        head.append(found.kind)
                        head.appendFixed(UInt32(data.count))
                    }
                }
            }
        }
        return Segment(bytes: joined(), valueCounts: valueCounts)
    }

    private mutating func beginHead(_ version: UInt8, rows: Int, columns: Int) {
        head.clear()
        data.clear()
        head.append(version)
        head.appendFixed(UInt16(rows))
        head.appendFixed(UInt16(columns))
    }

    private mutating func appendOrigin(_ batch: RowBatch, _ rows: ArraySlice<Int32>, _ provenance: Provenance) {
        head.appendVarint(provenance.run)
        head.appendVarint(ZigZag.encode(provenance.importTime.micros))
        let source = Array(provenance.source.utf8.prefix(SegmentFormat.maximumSource))
        head.appendVarint(UInt64(source.count))
        head.append(source)
        // The places go through the other buffer, because their length stands before them.
        var previous: Int64 = 0
        var areConsecutive = true
        var firstSize = 0
        for row in rows {
            let place = batch.sourceRows[Int(row)]
            data.appendVarint(ZigZag.encode(place &- previous))
            if firstSize == 0 {
                firstSize = data.count
            } else {
                areConsecutive = areConsecutive && place &- previous == 1
            }
            previous = place
        }
        let size = areConsecutive ? firstSize : data.count
        head.appendVarint(UInt64(size))
        head.append(data.base, size)
        data.clear()
    }

    /// Takes cells out of the rows, column by column.
    private func gather(
        _ batch: RowBatch, _ rows: ArraySlice<Int32>, _ fields: ArraySlice<(column: Int, field: UInt32)>
    ) {
        let width = batch.columnCount
        let target = cells.base
        let count = rows.count
        batch.cells.withUnsafeBufferPointer { all in
            rows.withUnsafeBufferPointer { rows in
                guard let all = all.baseAddress, let rows = rows.baseAddress else { return }
                withUnsafeTemporaryAllocation(of: Int.self, capacity: Self.gathered) { columns in
                    for (index, (column, _)) in fields.enumerated() { columns[index] = column }
                    let columnCount = fields.count
                    for slot in 0..<count {
                        let row = all + Int(rows[slot]) &* width
                        for index in 0..<columnCount { target[index &* count &+ slot] = row[columns[index]] }
                    }
                }
            }
        }
    }

    private func joined() -> [UInt8] {
        let body = head.count + data.count
        return [UInt8](unsafeUninitializedCapacity: body + 8) { target, count in
            guard let base = target.baseAddress else { return }
            base.update(from: head.base, count: head.count)
            (base + head.count).update(from: data.base, count: data.count)
            let sum = Checksum.xxh64(UnsafeRawBufferPointer(start: base, count: body))
            UnsafeMutableRawPointer(base).storeBytes(of: sum.littleEndian, toByteOffset: body, as: UInt64.self)
            count = body + 8
        }
    }
}
