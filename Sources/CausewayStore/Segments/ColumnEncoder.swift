/// Encodes one column of one segment at a time, in the form that takes least space and tells most. Owns the scratch of it.
struct ColumnEncoder: ~Copyable, Sendable {
    private var survey: ColumnSurvey
    private var compressor = ZstdCompressor()
    private let numbers = Scratch<Int64>(SegmentFormat.maximumRows)
    private var body = ByteSink(capacity: 256 << 10)

    init(_ seed: ContentSeed) { survey = ColumnSurvey(seed) }

    /// Cells of a column, in the order of the segment's rows.
    struct Cells {
        let base: UnsafePointer<RowBatch.Cell>
        /// At most ``SegmentFormat/maximumRows``.
        let count: Int
        /// All cells lie in it.
        let text: UnsafePointer<UInt8>
        let textCount: Int
    }

    /// Appends the data of one column.
    ///
    /// - Returns: its kind with flags, and how many cells are not null.
    mutating func encode(_ cells: Cells, into out: inout ByteSink) -> (kind: UInt8, values: Int) {
        let found = survey.look(cells)
        let present = cells.count - found.nulls
        guard present > 0 else { return (SegmentFormat.Kind.empty.rawValue, 0) }
        let flags: UInt8 = found.nulls > 0 ? SegmentFormat.hasNulls : 0
        let kind: UInt8
        if found.isDictionary, found.distinct == 1, found.nulls == 0 {
            kind = SegmentFormat.Kind.constant.rawValue | appendTexts(survey.values(1, cells), to: &out)
        } else if found.isDictionary, found.distinct <= 256, isDictionaryShort(found, cells.count) {
            kind = appendDictionary(found, cells, to: &out)
        } else if let range = NumberRange(cells, into: numbers.base) {
            appendNumbers(range, cells, hasNulls: found.nulls > 0, to: &out)
            kind = SegmentFormat.Kind.number.rawValue
        } else if found.isDictionary, found.distinct * 3 <= cells.count, isDictionaryShort(found, cells.count) {
            kind = appendDictionary(found, cells, to: &out)
        } else {
            if found.nulls > 0 { Self.appendNullBits(cells, to: &out) }
            kind = SegmentFormat.Kind.plain.rawValue | appendTexts(cells, to: &out)
        }
        return (kind | flags, present)
    }

    private func codeWidth(_ found: ColumnSurvey.Findings) -> Int {
        found.distinct + (found.nulls > 0 ? 1 : 0) <= 256 ? 1 : 2
    }

    private func isDictionaryShort(_ found: ColumnSurvey.Findings, _ rows: Int) -> Bool {
        codeWidth(found) * rows + 3 * found.distinct + found.distinctBytes <= rows + found.textBytes
    }

    private mutating func appendDictionary(
        _ found: ColumnSurvey.Findings, _ cells: Cells, to out: inout ByteSink
    ) -> UInt8 {
        let rows = cells.count
        let distinct = found.distinct
        let width = codeWidth(found)
        out.appendFixed(UInt16(distinct))
        let codes = survey.codes.base
        let target = out.room(rows * width)
        let nullCode = UInt16(distinct)
        if found.nulls > 0 {
            for row in 0..<rows where codes[row] == ColumnSurvey.nullCode { codes[row] = nullCode }
        }
        if width == 1 {
            for row in 0..<rows { target[row] = UInt8(truncatingIfNeeded: codes[row]) }
        } else {
            Self.store(codes, rows, to: target)
        }
        out.advance(rows * width)
        Self.store(survey.counts.base, distinct, to: out.room(2 * distinct))
        out.advance(2 * distinct)
        let kind: SegmentFormat.Kind = width == 1 ? .codes8 : .codes16
        return kind.rawValue | appendTexts(survey.values(distinct, cells), to: &out)
    }

    private static func store(
        _ numbers: UnsafePointer<UInt16>, _ count: Int, to target: UnsafeMutablePointer<UInt8>
    ) {
        let target = UnsafeMutableRawPointer(target)
        for index in 0..<count {
            target.storeBytes(of: numbers[index].littleEndian, toByteOffset: 2 &* index, as: UInt16.self)
        }
    }

    private static func appendNullBits(_ cells: Cells, to out: inout ByteSink) {
        let size = (cells.count + 7) / 8
        let bits = out.room(size)
        bits.update(repeating: 0, count: size)
        for row in 0..<cells.count where cells.base[row].isNull {
            bits[row >> 3] |= 1 << UInt8(truncatingIfNeeded: row & 7)
        }
        out.advance(size)
    }

    private func appendNumbers(_ range: NumberRange, _ cells: Cells, hasNulls: Bool, to out: inout ByteSink) {
        let width = range.width(hasNulls: hasNulls)
        out.append(range.style.form.rawValue)
        out.append(UInt8(range.style.scale))
        out.append(UInt8(width))
        out.appendFixed(range.low)
        let target = UnsafeMutableRawPointer(out.room(width * cells.count + 8))
        let numbers = numbers.base
        for row in 0..<cells.count {
            let offset =
                cells.base[row].isNull ? UInt64.max : UInt64(bitPattern: numbers[row] &- range.low)
            // Writes beyond its width, where the next offset or the sink's room is.
            target.storeBytes(of: offset.littleEndian, toByteOffset: row &* width, as: UInt64.self)
        }
        out.advance(width * cells.count)
    }

    /// Appends lengths and texts, the texts compressed where it is worth it.
    ///
    /// - Returns: the flag of compression, or none.
    private mutating func appendTexts(_ cells: Cells, to out: inout ByteSink) -> UInt8 {
        var total = 0
        var longest = 0
        for index in 0..<cells.count {
            let cell = cells.base[index]
            let length = cell.isNull ? 0 : cell.length
            longest |= length
            total &+= length
        }
        let width = longest < 1 << 8 ? 1 : longest < 1 << 16 ? 2 : 4
        out.append(UInt8(width))
        body.clear()
        let lengths = UnsafeMutableRawPointer(out.room(width * cells.count + 4))
        let texts = body.room(total)
        // Before this offset sixteen bytes can be read whatever a text's length is.
        let safeEnd = cells.textCount - 16
        var at = 0
        for index in 0..<cells.count {
            let cell = cells.base[index]
            let length = cell.isNull ? 0 : cell.length
            lengths.storeBytes(
                of: UInt32(truncatingIfNeeded: length).littleEndian, toByteOffset: index &* width, as: UInt32.self)
            guard length > 0 else { continue }
            if length <= 16, cell.offset <= safeEnd {
                ShortBytes.copyPadded(texts + at, cells.text + cell.offset, length)
            } else {
                (texts + at).update(from: cells.text + cell.offset, count: length)
            }
            at &+= length
        }
        out.advance(width * cells.count)
        body.advance(total)
        if compressor.append(body.base, total, to: &out) { return SegmentFormat.compressed }
        out.append(body.base, total)
        return 0
    }
}

/// The numbers of a column all of whose values are written in one style.
struct NumberRange {
    let style: NumberStyle
    private(set) var low = Int64.max
    private(set) var high = Int64.min

    /// Nil when not all values are in the style of the first. At least one must not be null.
    ///
    /// - Parameter numbers: takes the number of each row that is not null.
    init?(_ cells: ColumnEncoder.Cells, into numbers: UnsafeMutablePointer<Int64>) {
        var first = 0
        while first < cells.count, cells.base[first].isNull { first += 1 }
        guard first < cells.count else { return nil }
        let cell = cells.base[first]
        guard let style = NumberStyle(cells.text + cell.offset, cell.length) else { return nil }
        self.style = style
        var low = low
        var high = high
        for row in first..<cells.count {
            let cell = cells.base[row]
            if cell.isNull { continue }
            guard let number = style.number(cells.text + cell.offset, cell.length) else { return nil }
            numbers[row] = number
            low = min(low, number)
            high = max(high, number)
        }
        self.low = low
        self.high = high
    }

    /// Bytes that each distance from the lowest number takes.
    func width(hasNulls: Bool) -> Int {
        let distance = UInt64(bitPattern: high &- low)
        // All ones is null.
        let largest = hasNulls ? distance + 1 : distance
        let bytes = (64 - largest.leadingZeroBitCount + 7) / 8
        return bytes <= 1 ? 1 : bytes <= 4 ? bytes : 8
    }
}
