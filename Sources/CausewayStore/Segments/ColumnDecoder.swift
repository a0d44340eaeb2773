/// A column of a segment, as whoever counts its values reads it.
enum SegmentColumn {
    case texts(SegmentColumnView)
    /// Valid only while the segment's bytes are.
    case numbers(NumberColumn)
}

/// Decodes a column of a segment. Nothing in the bytes is trusted.
struct ColumnDecoder {
    let column: SegmentLayout.Column
    let rowCount: Int
    let zstd: ZstdDecompressor
    private var cursor: ByteCursor

    init(
        _ column: SegmentLayout.Column, rowCount: Int, of bytes: UnsafeRawBufferPointer, _ zstd: ZstdDecompressor
    ) throws(Damage) {
        self.column = column
        self.rowCount = rowCount
        self.zstd = zstd
        cursor = try ByteCursor(bytes, column.data)
    }

    mutating func view() throws(Damage) -> SegmentColumnView {
        switch column.kind {
        case .empty: try empty()
        case .constant: try constant()
        case .codes8, .codes16: try dictionary()
        case .plain: try plain()
        case .number: try number()
        }
    }

    mutating func content() throws(Damage) -> SegmentColumn {
        column.kind == .number ? .numbers(try numbers()) : .texts(try view())
    }

    private func empty() throws(Damage) -> SegmentColumnView {
        try cursor.expectEnd()
        return SegmentColumnView(nulls: rowCount)
    }

    private mutating func constant() throws(Damage) -> SegmentColumnView {
        guard !column.hasNulls else { throw Damage("a column has an unknown form") }
        let view = SegmentColumnView(rowCount: rowCount, entryCount: 1, isDictionary: true)
        view.codes.update(repeating: 0, count: rowCount)
        view.counts[0] = UInt16(rowCount)
        try texts(view)
        return view
    }

    private mutating func dictionary() throws(Damage) -> SegmentColumnView {
        let distinct = Int(try cursor.fixed(UInt16.self))
        guard distinct > 0, distinct <= rowCount else { throw Damage("a count is out of range") }
        let view = SegmentColumnView(rowCount: rowCount, entryCount: distinct, isDictionary: true)
        let codes = view.codes
        let rows = rowCount
        if column.kind == .codes8 {
            let stored = try cursor.part(rows)
            for row in 0..<rows { codes[row] = UInt16(stored[row]) }
        } else {
            let stored = UnsafeRawPointer(try cursor.part(2 * rows))
            for row in 0..<rows {
                codes[row] = UInt16(littleEndian: stored.loadUnaligned(fromByteOffset: 2 &* row, as: UInt16.self))
            }
        }
        var highest: UInt16 = 0
        for row in 0..<rows { highest = max(highest, codes[row]) }
        guard Int(highest) < distinct + (column.hasNulls ? 1 : 0) else { throw Damage("a code has no value") }
        if column.hasNulls {
            let nullCode = UInt16(distinct)
            var nulls = 0
            for row in 0..<rows where codes[row] == nullCode {
                codes[row] = SegmentColumnView.null
                nulls &+= 1
            }
            view.nullCount = nulls
        }
        let stored = UnsafeRawPointer(try cursor.part(2 * distinct))
        var sum = 0
        for entry in 0..<distinct {
            let count = UInt16(littleEndian: stored.loadUnaligned(fromByteOffset: 2 &* entry, as: UInt16.self))
            view.counts[entry] = count
            sum &+= Int(count)
        }
        guard sum == rowCount - view.nullCount else { throw Damage("its values' counts do not fit its rows") }
        try texts(view)
        return view
    }

    private mutating func plain() throws(Damage) -> SegmentColumnView {
        let view = SegmentColumnView(rowCount: rowCount, entryCount: rowCount, isDictionary: false)
        identify(view)
        if column.hasNulls {
            let bits = try cursor.part((rowCount + 7) / 8)
            var nulls = 0
            for row in 0..<rowCount where bits[row >> 3] & 1 << UInt8(truncatingIfNeeded: row & 7) != 0 {
                Self.setNull(row, view)
                nulls &+= 1
            }
            view.nullCount = nulls
        }
        try texts(view)
        return view
    }

    /// Entries as slots.
    private func identify(_ view: SegmentColumnView) {
        let codes = view.codes
        for row in 0..<rowCount { codes[row] = UInt16(truncatingIfNeeded: row) }
        view.counts.update(repeating: 1, count: rowCount)
    }

    @inline(__always)
    private static func setNull(_ row: Int, _ view: SegmentColumnView) {
        view.codes[row] = SegmentColumnView.null
        view.counts[row] = 0
    }

    private mutating func number() throws(Damage) -> SegmentColumnView {
        let column = try numbers()
        let style = column.style
        let view = SegmentColumnView(rowCount: rowCount, entryCount: rowCount, isDictionary: false, style: style)
        identify(view)
        view.allocateText(rowCount * NumberStyle.longest)
        let text = view.text
        let offsets = view.offsets
        let range = style.range
        var at = 0
        var nulls = 0
        for row in 0..<rowCount {
            offsets[row] = UInt32(truncatingIfNeeded: at)
            guard let number = column.number(row) else {
                Self.setNull(row, view)
                nulls &+= 1
                continue
            }
            guard range.contains(number) else { throw Damage("a number is out of range") }
            at &+= style.write(number, to: text + at)
        }
        offsets[rowCount] = UInt32(truncatingIfNeeded: at)
        view.nullCount = nulls
        return view
    }

    private mutating func numbers() throws(Damage) -> NumberColumn {
        try NumberColumn(&cursor, rowCount: rowCount, hasNulls: column.hasNulls)
    }

    /// The length of one text after the other.
    @inline(__always)
    private static func lengths(
        _ count: Int, _ offsets: UnsafeMutablePointer<UInt32>, _ length: (Int) -> Int
    ) -> Int {
        // At most 4,096 lengths of 32 bits: no overflow.
        var total = 0
        for entry in 0..<count {
            offsets[entry] = UInt32(truncatingIfNeeded: total)
            total &+= length(entry)
        }
        offsets[count] = UInt32(truncatingIfNeeded: total)
        return total
    }

    /// Reads the entries' texts, to the end of the column's data.
    private mutating func texts(_ view: SegmentColumnView) throws(Damage) {
        let count = view.entryCount
        let width = Int(try cursor.byte())
        guard width == 1 || width == 2 || width == 4 else { throw Damage("a width is out of range") }
        let lengths = UnsafeRawPointer(try cursor.part(width * count))
        let total =
            switch width {
            case 1:
                Self.lengths(count, view.offsets) { Int(lengths.load(fromByteOffset: $0, as: UInt8.self)) }
            case 2:
                Self.lengths(count, view.offsets) {
                    Int(UInt16(littleEndian: lengths.loadUnaligned(fromByteOffset: 2 &* $0, as: UInt16.self)))
                }
            default:
                Self.lengths(count, view.offsets) {
                    Int(UInt32(littleEndian: lengths.loadUnaligned(fromByteOffset: 4 &* $0, as: UInt32.self)))
                }
            }
        guard total <= SegmentFormat.maximumText else { throw Damage("its texts are too long") }
        let size = cursor.remaining
        let stored = try cursor.part(size)
        view.allocateText(total)
        if column.isCompressed {
            try zstd.decompress(stored, size, to: view.text, count: total)
        } else {
            guard size == total else { throw Damage("a column is cut short") }
            view.text.update(from: stored, count: total)
        }
    }
}
