package import CausewayCore

/// An immutable block of records. Checked whole when opened; a column is decoded when asked for.
package struct SegmentReader: Sendable {
    package let number: UInt64
    package let rowCount: Int
    package let provenance: Provenance
    /// For each slot, which row of its source it was.
    package let sourceRows: [Int64]
    let columns: [Column]
    private let bytes: [UInt8]
    private let key: [UInt8]

    /// One entry of the directory.
    struct Column: Sendable {
        let field: UInt32
        let kind: SegmentFormat.Kind
        let hasNulls: Bool
        let isCompressed: Bool
        /// In the segment's bytes.
        let data: Range<Int>
    }

    /// - Parameters:
    ///   - key: of the segment in ``Table/segments``, for messages.
    ///   - number: the segment's number.
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    package init(_ bytes: [UInt8], key: [UInt8], number: UInt64) throws(CausewayError) {
        do throws(Damage) {
            try self.init(body: bytes, in: Checksum.open(bytes), key: key, number: number)
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
    }

    /// The row count of a segment that is not opened; nil when its bytes are none.
    static func rowCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= 3, bytes[0] == SegmentFormat.version else { return nil }
        return Int(bytes[1]) | Int(bytes[2]) << 8
    }

    /// Reads bytes whose checksum was looked at, or is of no interest.
    init(body bytes: [UInt8], in range: Range<Int>, key: [UInt8], number: UInt64) throws(Damage) {
        self.bytes = bytes
        self.key = key
        self.number = number
        var cursor = try ByteCursor(bytes, range)
        let version = try cursor.byte()
        guard version == SegmentFormat.version else { throw Damage("its format \(version) is not known") }
        rowCount = Int(try cursor.fixed(UInt16.self))
        guard (1...SegmentFormat.maximumRows).contains(rowCount) else { throw Damage("its row count is out of range") }
        let columnCount = Int(try cursor.fixed(UInt16.self))
        guard columnCount <= RowBatch.maximumColumns else { throw Damage("its column count is out of range") }
        let run = try cursor.varint()
        let micros = ZigZag.decode(try cursor.varint())
        let source = try cursor.take(cursor.count(upTo: SegmentFormat.maximumSource))
        provenance = Provenance(
            run: run, source: String(decoding: bytes[source], as: UTF8.self), importTime: Timestamp(micros: micros))
        var rows: [Int64] = []
        rows.reserveCapacity(rowCount)
        var row: Int64 = 0
        for _ in 0..<rowCount {
            row = row &+ ZigZag.decode(try cursor.varint())
            rows.append(row)
        }
        sourceRows = rows
        columns = try Self.directory(&cursor, columnCount)
    }

    private static func directory(_ cursor: inout ByteCursor, _ count: Int) throws(Damage) -> [Column] {
        let start = cursor.position + count * 9
        var columns: [Column] = []
        columns.reserveCapacity(count)
        var from = start
        for _ in 0..<count {
            let field = try cursor.fixed(UInt32.self)
            let form = try cursor.byte()
            let end = start + Int(try cursor.fixed(UInt32.self))
            guard let kind = SegmentFormat.Kind(rawValue: form & SegmentFormat.kindMask),
                form & ~(SegmentFormat.kindMask | SegmentFormat.hasNulls | SegmentFormat.compressed) == 0
            else { throw Damage("a column has an unknown form") }
            guard end >= from, end <= cursor.end else { throw Damage("a column lies outside") }
            columns.append(
                Column(
                    field: field, kind: kind, hasNulls: form & SegmentFormat.hasNulls != 0,
                    isCompressed: form & SegmentFormat.compressed != 0, data: from..<end))
            from = end
        }
        guard from == cursor.end else { throw Damage("it has bytes to spare") }
        return columns
    }

    /// The numbers of the fields that its records carry.
    package var fields: [UInt32] { columns.map(\.field) }

    /// The values of a field; nil when its records do not carry the field.
    ///
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    package func column(_ field: UInt32) throws(CausewayError) -> SegmentColumn? {
        guard let column = columns.first(where: { $0.field == field }) else { return nil }
        return try naming { () throws(Damage) in try decode(column) }
    }

    /// How many of the cells in `slots` are not null, for each entry of `columns`. Decodes no text.
    func valueCounts(_ slots: [UInt16]) throws(CausewayError) -> [Int] {
        try naming { () throws(Damage) in
            var counts: [Int] = []
            counts.reserveCapacity(columns.count)
            for column in columns {
                var cursor = try ByteCursor(bytes, column.data)
                counts.append(try valueCount(column, slots, &cursor))
            }
            return counts
        }
    }

    private func valueCount(_ column: Column, _ slots: [UInt16], _ cursor: inout ByteCursor) throws(Damage) -> Int {
        guard slots.allSatisfy({ Int($0) < rowCount }) else { throw Damage("a slot lies outside") }
        switch column.kind {
        case .empty: return 0
        case .constant: return slots.count
        case _ where !column.hasNulls: return slots.count
        case .codes8:
            let null = try cursor.fixed(UInt16.self)
            let codes = try cursor.take(rowCount)
            return slots.count { bytes[codes.lowerBound + Int($0)] != null }
        case .codes16:
            let null = try cursor.fixed(UInt16.self)
            let codes = try cursor.take(rowCount * 2)
            return slots.count {
                let at = codes.lowerBound + 2 * Int($0)
                return UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8 != null
            }
        case .plain:
            let bits = try cursor.take((rowCount + 7) / 8)
            return slots.count { bytes[bits.lowerBound + Int($0 >> 3)] & 1 << UInt8($0 & 7) == 0 }
        }
    }

    private func decode(_ column: Column) throws(Damage) -> SegmentColumn {
        var cursor = try ByteCursor(bytes, column.data)
        switch column.kind {
        case .empty:
            try cursor.expectEnd()
            return SegmentColumn(text: [], cells: [RowBatch.Cell](repeating: .null, count: rowCount))
        case .constant:
            let (text, values) = try body(column, &cursor, count: 1)
            return SegmentColumn(text: text, cells: [RowBatch.Cell](repeating: values[0], count: rowCount))
        case .codes8, .codes16:
            return try decodeCodes(column, &cursor)
        case .plain:
            return try decodePlain(column, &cursor)
        }
    }

    private func decodeCodes(_ column: Column, _ cursor: inout ByteCursor) throws(Damage) -> SegmentColumn {
        let distinct = Int(try cursor.fixed(UInt16.self))
        guard distinct <= rowCount else { throw Damage("a count is out of range") }
        let width = column.kind == .codes8 ? 1 : 2
        let codes = try cursor.take(rowCount * width)
        let (text, present) = try body(column, &cursor, count: distinct)
        let values = column.hasNulls ? present + [.null] : present
        var cells: [RowBatch.Cell] = []
        cells.reserveCapacity(rowCount)
        for row in 0..<rowCount {
            let at = codes.lowerBound + row * width
            let code = width == 1 ? Int(bytes[at]) : Int(bytes[at]) | Int(bytes[at + 1]) << 8
            guard code < values.count else { throw Damage("a code has no value") }
            cells.append(values[code])
        }
        return SegmentColumn(text: text, cells: cells)
    }

    private func decodePlain(_ column: Column, _ cursor: inout ByteCursor) throws(Damage) -> SegmentColumn {
        guard column.hasNulls else {
            let (text, cells) = try body(column, &cursor, count: rowCount)
            return SegmentColumn(text: text, cells: cells)
        }
        let bits = try cursor.take((rowCount + 7) / 8)
        let isNull = (0..<rowCount).map { bytes[bits.lowerBound + $0 >> 3] & 1 << UInt8($0 & 7) != 0 }
        let (text, values) = try body(column, &cursor, count: isNull.count { !$0 })
        var next = 0
        let cells = isNull.map { null in
            guard !null else { return RowBatch.Cell.null }
            defer { next += 1 }
            return values[next]
        }
        return SegmentColumn(text: text, cells: cells)
    }

    /// Reads a body of `count` values to the column's end.
    private func body(
        _ column: Column, _ cursor: inout ByteCursor, count: Int
    ) throws(Damage) -> (text: [UInt8], cells: [RowBatch.Cell]) {
        let length = try cursor.count(upTo: SegmentFormat.maximumBody)
        let stored = try cursor.take(cursor.remaining)
        let text: [UInt8]
        if column.isCompressed {
            text = try Zstd.decompress(bytes, stored, count: length)
        } else {
            guard stored.count == length else { throw Damage("a column is cut short") }
            text = Array(bytes[stored])
        }
        var lengths = ByteCursor(text)
        var cells: [RowBatch.Cell] = []
        cells.reserveCapacity(count)
        var offset = 0
        for _ in 0..<count {
            let length = try lengths.count(upTo: text.count)
            cells.append(RowBatch.Cell(offset: offset, length: length))
            offset += length
        }
        guard offset == lengths.remaining else { throw Damage("a column's values do not fill it") }
        let base = lengths.position
        for index in cells.indices {
            cells[index] = RowBatch.Cell(offset: cells[index].offset + base, length: cells[index].length)
        }
        return (text, cells)
    }

    private func naming<T>(_ body: () throws(Damage) -> T) throws(CausewayError) -> T {
        do {
            return try body()
        } catch {
            throw StoreDamage.error(.segments, key, error.detail)
        }
    }
}

/// The values of one field in one segment, by slot.
package struct SegmentColumn: Sendable {
    package let text: [UInt8]
    package let cells: [RowBatch.Cell]

    /// The bytes of a value, nil where it is null.
    package func bytes(_ slot: Int) -> ArraySlice<UInt8>? {
        let cell = cells[slot]
        return cell.isNull ? nil : text[cell.offset..<cell.offset + cell.length]
    }
}
