/// Encodes one column of one segment at a time, as a dictionary where values repeat and as plain values elsewhere.
/// Owns the scratch of it.
struct ColumnEncoder: ~Copyable, Sendable {
    private let hash: KeyedHash
    private let start: UInt64
    private var compressor = ZstdCompressor()
    // Open addressing: 1 + the index of a value, 0 where free. Twice as many slots as values at most.
    private var slots = [UInt16](repeating: 0, count: slotCount)
    private var hashes = [UInt64](repeating: 0, count: SegmentFormat.maximumRows)
    private var values = [RowBatch.Cell](repeating: .null, count: SegmentFormat.maximumRows)
    private var codes = [UInt16](repeating: 0, count: SegmentFormat.maximumRows)

    private static let slotCount = 8_192
    private static let nullCode = UInt16.max

    init(_ seed: ContentSeed) {
        hash = KeyedHash(seed)
        start = hash.start(tweak: .max)
    }

    /// What was found in a column.
    private struct Survey {
        var distinct = 0
        var nulls = 0
        var textBytes = 0
        var distinctBytes = 0
        /// All rows have a code.
        var isDictionary = true
    }

    /// Appends the data of one column.
    ///
    /// - Parameter cells: the column's cells, at most ``SegmentFormat/maximumRows``.
    /// - Returns: its kind with flags, and how many cells are not null.
    mutating func encode(
        _ cells: [RowBatch.Cell], of text: UnsafeBufferPointer<UInt8>, into out: inout [UInt8]
    ) -> (kind: UInt8, values: Int) {
        let survey = survey(cells, text)
        let present = cells.count - survey.nulls
        if present == 0 { return (SegmentFormat.Kind.empty.rawValue, 0) }
        let codeBytes = survey.distinct + (survey.nulls > 0 ? 1 : 0) <= 256 ? 1 : 2
        let asDictionary = codeBytes * cells.count + survey.distinctBytes + survey.distinct
        var kind: UInt8 = survey.nulls > 0 ? SegmentFormat.hasNulls : 0
        let body: [UInt8]
        if survey.isDictionary && survey.distinct == 1 && survey.nulls == 0 {
            kind |= SegmentFormat.Kind.constant.rawValue
            body = Self.body(values[..<1], text, bytes: survey.distinctBytes)
        } else if survey.isDictionary && asDictionary <= survey.textBytes + present {
            kind |= (codeBytes == 1 ? SegmentFormat.Kind.codes8 : .codes16).rawValue
            appendCodes(cells.count, distinct: survey.distinct, width: codeBytes, to: &out)
            body = Self.body(values[..<survey.distinct], text, bytes: survey.distinctBytes)
        } else {
            kind |= SegmentFormat.Kind.plain.rawValue
            if survey.nulls > 0 { Self.appendNullBits(cells, to: &out) }
            body = Self.body(cells[...], text, bytes: survey.textBytes)
        }
        out.appendVarint(UInt64(body.count))
        if compressor.append(body, to: &out) {
            kind |= SegmentFormat.compressed
        } else {
            out.append(contentsOf: body)
        }
        return (kind, present)
    }

    /// Counts, and gives codes as long as a dictionary may still be the cheaper form.
    private mutating func survey(_ cells: [RowBatch.Cell], _ text: UnsafeBufferPointer<UInt8>) -> Survey {
        var survey = Survey()
        let limit = max(256, cells.count / 3)
        let hash = hash
        let start = start
        var empty: UInt8 = 0
        withUnsafePointer(to: &empty) { empty in
            let base = text.baseAddress ?? empty
            cells.withUnsafeBufferPointer { cells in
                slots.withUnsafeMutableBufferPointer { slots in
                    hashes.withUnsafeMutableBufferPointer { hashes in
                        values.withUnsafeMutableBufferPointer { values in
                            codes.withUnsafeMutableBufferPointer { codes in
                                slots.update(repeating: 0)
                                for row in cells.indices {
                                    let cell = cells[row]
                                    if cell.isNull {
                                        survey.nulls += 1
                                        codes[row] = Self.nullCode
                                        continue
                                    }
                                    survey.textBytes += cell.length
                                    guard survey.isDictionary else { continue }
                                    let wanted = hash.hash(base + cell.offset, cell.length, start: start)
                                    var slot = Int(truncatingIfNeeded: wanted) & (Self.slotCount - 1)
                                    while slots[slot] != 0 {
                                        let value = Int(slots[slot]) - 1
                                        if hashes[value] == wanted && Self.equal(values[value], cell, base) { break }
                                        slot = (slot + 1) & (Self.slotCount - 1)
                                    }
                                    if slots[slot] == 0 {
                                        guard survey.distinct < limit else {
                                            survey.isDictionary = false
                                            continue
                                        }
                                        hashes[survey.distinct] = wanted
                                        values[survey.distinct] = cell
                                        survey.distinct += 1
                                        survey.distinctBytes += cell.length
                                        slots[slot] = UInt16(survey.distinct)
                                    }
                                    codes[row] = slots[slot] - 1
                                }
                            }
                        }
                    }
                }
            }
        }
        return survey
    }

    private func appendCodes(_ rows: Int, distinct: Int, width: Int, to out: inout [UInt8]) {
        out.appendFixed(UInt16(distinct))
        for code in codes[..<rows] {
            let shown = code == Self.nullCode ? UInt16(distinct) : code
            if width == 1 {
                out.append(UInt8(truncatingIfNeeded: shown))
            } else {
                out.appendFixed(shown)
            }
        }
    }

    private static func appendNullBits(_ cells: [RowBatch.Cell], to out: inout [UInt8]) {
        var bits = [UInt8](repeating: 0, count: (cells.count + 7) / 8)
        for row in cells.indices where cells[row].isNull { bits[row >> 3] |= 1 << UInt8(row & 7) }
        out.append(contentsOf: bits)
    }

    /// Lengths, then texts, of the cells that are not null.
    private static func body(
        _ cells: ArraySlice<RowBatch.Cell>, _ text: UnsafeBufferPointer<UInt8>, bytes: Int
    ) -> [UInt8] {
        // A length takes five bytes at most.
        [UInt8](unsafeUninitializedCapacity: bytes + 5 * cells.count) { target, count in
            var at = 0
            for cell in cells where !cell.isNull {
                var length = cell.length
                while length >= 0x80 {
                    target[at] = UInt8(truncatingIfNeeded: length) | 0x80
                    at += 1
                    length >>= 7
                }
                target[at] = UInt8(truncatingIfNeeded: length)
                at += 1
            }
            if let from = text.baseAddress, let to = target.baseAddress {
                for cell in cells where !cell.isNull {
                    (to + at).update(from: from + cell.offset, count: cell.length)
                    at += cell.length
                }
            }
            count = at
        }
    }

    @inline(__always)
    private static func equal(_ a: RowBatch.Cell, _ b: RowBatch.Cell, _ base: UnsafePointer<UInt8>) -> Bool {
        guard a.length == b.length else { return false }
        return UnsafeRawBufferPointer(start: base + a.offset, count: a.length)
            .elementsEqual(UnsafeRawBufferPointer(start: base + b.offset, count: b.length))
    }
}
