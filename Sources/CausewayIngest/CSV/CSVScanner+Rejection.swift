import CausewayCore
import CausewayStore

/// Rows that need a closer look: those with doubled quotes or null tokens, and those that are rejected.
extension CSVScanner {
    /// What is wrong with a row.
    struct Fault {
        var reason: RejectedRow.Reason
        var column: Int
        var message: String
    }

    /// A rejected row, or a line that is none, whose end is still to come; its text is dropped as it arrives.
    struct Discarded {
        /// nil: the line is no row.
        var fault: Fault?
        var raw: [UInt8] = []
        /// Bytes of the text.
        var length: Int64 = 0
        /// Bytes of the content.
        var contentLength: Int64 = 0
        var lines: Int64 = 0
    }

    /// Takes or rejects the row `rowStart..<end`, all of whose cells were cut.
    mutating func settleRow(end: Int, next: Int) {
        if let fault = fault(end: end) {
            reject(fault, end: end, next: next, lines: rowLines + 1)
            return
        }
        passContent(to: next)
        unescape()
        sourceRow += 1
        sourceRows.append(sourceRow)
        rowLineNumbers.append(lines + 1)
        rowsTaken += 1
        beginRow(at: next, lines: rowLines + 1)
    }

    /// Counts the bytes of the file that the text of the row in progress, and its line end, came from; to be called
    /// while the text is as it came.
    mutating func passContent(to next: Int) {
        let length = text.withUnsafeBytes { text in
            text.baseAddress.map { encoding.contentLength($0, from: rowStart, to: next) } ?? 0
        }
        contentOffset += Int64(length)
    }

    /// Makes the cells that are null tokens null, then looks for what is wrong with the row.
    private mutating func fault(end: Int) -> Fault? {
        if rowFlags & CellFlags.nul != 0, let at = text[rowStart..<end].firstIndex(of: 0) {
            return Fault(
                reason: .nulByte, column: column(of: at),
                message: "The row holds a NUL byte in column \(column(of: at)).")
        }
        let invalid = text.withUnsafeBytes { text in
            text.baseAddress.flatMap { UTF8Check.firstInvalid($0, from: rowStart, to: end) }
        }
        if let invalid {
            let isUTF16 = encoding == .utf16LittleEndian || encoding == .utf16BigEndian
            return Fault(
                reason: isUTF16 ? .invalidUTF16 : .invalidUTF8, column: column(of: invalid),
                message: "Column \(column(of: invalid)) is not valid \(isUTF16 ? "UTF-16" : "UTF-8"); if the file has "
                    + "another encoding, set the entity's encoding.")
        }
        fitToColumns()
        guard fields == columns else {
            let few = fields < columns
            return Fault(
                reason: few ? .tooFewFields : .tooManyFields, column: few ? 0 : columns + 1,
                message: "The row has \(fields) values, the header \(columns).")
        }
        refineValues()
        let base = rowsTaken * columns
        for key in keyColumns
        where cells[packed: base + key] == Self.nullCell || cells[packed: base + key] & CellFlags.length == 0 {
            return Fault(
                reason: .emptyPrimaryKey, column: key + 1,
                message: "The primary key's column \(key + 1) is empty.")
        }
        return nil
    }

    /// The column that byte `at` of the row in progress lies in, from 1.
    private func column(of at: Int) -> Int {
        let base = rowsTaken * columns
        var column = 1
        for index in 0..<min(fields, columns) {
            let cell = cells[packed: base + index]
            if cell != Self.nullCell, Int(cell >> 32) <= at { column = index + 1 }
        }
        // Behind the last column that there is, but for its closing quote.
        guard fields > columns, columns > 0 else { return column }
        let last = cells[packed: base + columns - 1]
        guard last != Self.nullCell else { return column }
        return Int(last >> 32) + Int(last & CellFlags.length) + 1 < at ? columns + 1 : column
    }

    /// Fills a short row with nulls, or drops surplus values, where the entity says so.
    private mutating func fitToColumns() {
        if fields < columns, raggedRows != .quarantine {
            let base = rowsTaken * columns
            for index in base + fields..<base + columns { cells[packed: index] = Self.nullCell }
            fields = columns
        } else if fields > columns, raggedRows == .truncate {
            fields = columns
        }
    }

    /// Trims unquoted values and finds the null tokens among them.
    private mutating func refineValues() {
        guard !nullTokens.isEmpty || trimsValues else { return }
        let base = rowsTaken * columns
        for index in base..<base + columns
        where cells[packed: index] != Self.nullCell && cells[packed: index] & CellFlags.quoted == 0 {
            var start = Int(cells[packed: index] >> 32)
            var end = start + Int(cells[packed: index] & CellFlags.length)
            if trimsValues {
                while start < end, Byte.isBlank(text[start]) { start += 1 }
                while start < end, Byte.isBlank(text[end - 1]) { end -= 1 }
                cells[packed: index] = UInt64(start) << 32 | UInt64(end - start)
                if start == end, emptyIsNull { cells[packed: index] = Self.nullCell }
            }
            let value = text[start..<end]
            if nullTokens.contains(where: { $0.elementsEqual(value) }) { cells[packed: index] = Self.nullCell }
        }
    }

    /// Takes the marks out of the row's cells, and the escapes out of its text.
    mutating func unescape() {
        let base = rowsTaken * columns
        for index in base..<base + columns where cells[packed: index] != Self.nullCell {
            let cell = cells[packed: index]
            let start = Int(cell >> 32)
            var length = Int(cell & CellFlags.length)
            if cell & CellFlags.doubledQuotes != 0, let quote = dialect.quote {
                let escape = dialect.escape ?? quote
                length = text.withUnsafeMutableBytes { Self.dropEscapes($0, start, length, quote, escape) }
            }
            cells[packed: index] = UInt64(start) << 32 | UInt64(length)
        }
    }

    private static func dropEscapes(
        _ text: UnsafeMutableRawBufferPointer, _ start: Int, _ length: Int, _ quote: UInt8, _ escape: UInt8
    ) -> Int {
        let end = start + length
        var from = start
        var to = start
        while from < end {
            if text[from] == escape, from + 1 < end, text[from + 1] == quote || text[from + 1] == escape { from += 1 }
            text[to] = text[from]
            to += 1
            from += 1
        }
        return to - start
    }

    /// Rejects the text `rowStart..<end` as a row; the next one begins at `next`, after `lines` line ends.
    mutating func reject(_ fault: Fault, end: Int, next: Int, lines: Int64) {
        let kept = min(end - rowStart, RejectedRow.maximumRawBytes)
        add(fault, raw: Array(text[rowStart..<rowStart + kept]), isWhole: kept == end - rowStart)
        rescannedBytes += max(0, position - next)
        passContent(to: next)
        beginRow(at: next, lines: lines)
    }

    mutating func add(_ fault: Fault, raw: [UInt8], isWhole: Bool) {
        sourceRow += 1
        let bytes = encoding.encode(raw)
        let kept = bytes.count > RejectedRow.maximumRawBytes ? Array(bytes.prefix(RejectedRow.maximumRawBytes)) : bytes
        rejected.append(
            RejectedRow(
                reason: fault.reason, message: fault.message, line: lines + 1, column: fault.column,
                sourceRow: sourceRow, raw: kept, truncated: !isWhole || kept.count < bytes.count))
        rejectedBytes += kept.count
    }

    /// Goes on with a row at `next`; the text before it is dealt with.
    mutating func beginRow(at next: Int, lines: Int64) {
        self.lines += lines
        rowStart = next
        position = next
        skip = next
        resetRow()
    }

    mutating func resetRow() {
        fieldStart = rowStart
        state = .plain
        fields = 0
        fieldFlags = 0
        rowFlags = 0
        rowLines = 0
    }
}
