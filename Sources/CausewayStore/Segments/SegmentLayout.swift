import CausewayCore

/// Where things lie in a segment's bytes: everything but the columns' data.
struct SegmentLayout: Sendable {
    let rowCount: Int
    let columns: [Column]
    private let origin: Origin

    /// Where the rows came from.
    private enum Origin: Sendable {
        /// From one batch; `places` are those of the rows in their source.
        case batch(Provenance, places: Range<Int>)
        /// From several, see ``SegmentParts``.
        case parts(Range<Int>)
    }

    var isCompacted: Bool {
        if case .parts = origin { true } else { false }
    }

    /// One entry of the directory.
    struct Column: Sendable {
        let field: UInt32
        let kind: SegmentFormat.Kind
        let hasNulls: Bool
        let isCompressed: Bool
        /// In the segment's bytes.
        let data: Range<Int>
    }

    /// Reads bytes whose checksum was looked at, or is of no interest.
    init(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) throws(Damage) {
        var cursor = try ByteCursor(bytes, range)
        let version = try cursor.byte()
        guard version == SegmentFormat.version || version == SegmentFormat.compactedVersion else {
            throw Damage("its format \(version) is not known")
        }
        rowCount = Int(try cursor.fixed(UInt16.self))
        guard (1...SegmentFormat.maximumRows).contains(rowCount) else { throw Damage("its row count is out of range") }
        let columnCount = Int(try cursor.fixed(UInt16.self))
        guard columnCount <= RowBatch.maximumColumns else { throw Damage("its column count is out of range") }
        if version == SegmentFormat.compactedVersion {
            origin = .parts(try cursor.take(cursor.count(upTo: cursor.remaining)))
        } else {
            let run = try cursor.varint()
            let micros = ZigZag.decode(try cursor.varint())
            let source = try cursor.take(cursor.count(upTo: SegmentFormat.maximumSource))
            let provenance = Provenance(
                run: run, source: String(decoding: bytes[source], as: UTF8.self), importTime: Timestamp(micros: micros))
            origin = .batch(provenance, places: try cursor.take(cursor.count(upTo: cursor.remaining)))
        }
        columns = try Self.directory(&cursor, columnCount)
    }

    /// The records' places and provenance, in the order of the slots.
    ///
    /// - Parameter number: the segment's.
    func parts(of bytes: UnsafeRawBufferPointer, number: UInt64) throws(Damage) -> [SegmentPart] {
        switch origin {
        case .parts(let range): return try SegmentParts.decode(bytes, range, in: number, rowCount: rowCount)
        case .batch(let provenance, let places):
            return [
                SegmentPart(
                    segment: number, provenance: provenance, slots: Array(0..<UInt16(rowCount)),
                    sourceRows: try sourceRows(of: bytes, places))
            ]
        }
    }

    /// The provenance of all rows; nil when they have several.
    var provenance: Provenance? {
        if case .batch(let provenance, _) = origin { provenance } else { nil }
    }

    /// The row count of a segment that is not opened; nil when its bytes are none.
    static func rowCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count >= 3, bytes[0] == SegmentFormat.version || bytes[0] == SegmentFormat.compactedVersion else {
            return nil
        }
        return Int(bytes[1]) | Int(bytes[2]) << 8
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

    private func sourceRows(of bytes: UnsafeRawBufferPointer, _ places: Range<Int>) throws(Damage) -> [Int64] {
        var cursor = try ByteCursor(bytes, places)
        var rows: [Int64] = []
        rows.reserveCapacity(rowCount)
        var row = ZigZag.decode(try cursor.varint())
        rows.append(row)
        let areConsecutive = cursor.remaining == 0
        for _ in 1..<rowCount {
            row = row &+ (areConsecutive ? 1 : ZigZag.decode(try cursor.varint()))
            rows.append(row)
        }
        try cursor.expectEnd()
        return rows
    }

    /// The column of a field, decoded; nil when the records do not carry it.
    func view(
        of field: UInt32, in bytes: UnsafeRawBufferPointer, _ zstd: ZstdDecompressor
    ) throws(Damage) -> SegmentColumnView? {
        guard let column = columns.first(where: { $0.field == field }) else { return nil }
        var decoder = try ColumnDecoder(column, rowCount: rowCount, of: bytes, zstd)
        return try decoder.view()
    }

    /// The same for counting: numbers stay numbers, and lie where they are.
    func column(
        of field: UInt32, in bytes: UnsafeRawBufferPointer, _ zstd: ZstdDecompressor
    ) throws(Damage) -> SegmentColumn? {
        guard let column = columns.first(where: { $0.field == field }) else { return nil }
        var decoder = try ColumnDecoder(column, rowCount: rowCount, of: bytes, zstd)
        return try decoder.content()
    }
}
