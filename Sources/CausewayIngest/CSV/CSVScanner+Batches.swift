import CausewayCore
import CausewayStore

/// What goes in and what comes out.
extension CSVScanner {
    /// Adds text to what is to be scanned.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if columns == 0, rowStart >= limits.batchText {
            // Blank lines before the header belong to no batch.
            text.removeSubrange(..<rowStart)
            rowStart = 0
            nonASCIIEnd = text.count
            rewindRow()
        }
        text.append(contentsOf: bytes)
    }

    /// The first row as labels; scanning goes on behind it.
    mutating func takeHeader() -> [String] {
        columns = fields
        passContent(to: headerEnd)
        unescape()
        let labels = cells[0..<fields].map(\.bits).map { cell -> String in
            guard cell != Self.nullCell else { return "" }
            let start = Int(cell >> 32)
            return String(decoding: text[start..<start + Int(cell & CellFlags.length)], as: UTF8.self)
        }
        beginRow(at: headerEnd, lines: rowLines + 1)
        return labels
    }

    /// Takes the first row for data: it only tells how many columns there are, and is scanned again.
    mutating func takeColumnsFromFirstRow() {
        columns = fields
        rewindRow()
    }

    /// Forgets how far the row in progress was scanned.
    mutating func rewindRow() {
        position = rowStart
        skip = rowStart
        resetRow()
    }

    func checkHeader(end: Int) throws(CausewayError) {
        guard fields <= limits.columns else {
            throw CausewayError(
                .failedPrecondition, reason: "TOO_MANY_COLUMNS",
                "The file's first row has \(fields) columns; \(limits.columns) can be taken. Check the delimiter.",
                metadata: ["columns": String(fields), "limit": String(limits.columns)])
        }
        guard rowFlags & CellFlags.nul == 0 else { throw Self.unreadableHeader("it holds a NUL byte") }
        let invalid = text.withUnsafeBytes { text in
            text.baseAddress.flatMap { UTF8Check.firstInvalid($0, from: rowStart, to: end) }
        }
        guard invalid == nil else {
            throw Self.unreadableHeader("it is not valid \(encoding.rawValue); set the entity's encoding")
        }
    }

    static func unreadableHeader(_ why: String) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "UNREADABLE_HEADER",
            "The file's first row cannot be read: \(why).", metadata: ["why": why])
    }

    /// The rows and rejected rows so far. A row in progress stays.
    mutating func takeBatch() -> (rows: RowBatch, rejected: [RejectedRow]) {
        let isRowInProgress = position != rowStart || state != .plain
        var taken = RowBatch.Buffers()
        swap(&taken, &spare)
        taken.clear()
        taken.exchange(&text, from: rowStart, limits.batchText)
        swap(&taken.cells, &cells)
        swap(&taken.sourceRows, &sourceRows)
        swap(&taken.lines, &rowLineNumbers)
        let rows = RowBatch(columnCount: columns, taken)
        let rejected = self.rejected
        self.rejected = []
        rejectedBytes = 0
        rescannedBytes = 0
        rowsTaken = 0
        rowStart = 0
        nonASCIIEnd = text.count
        if state == .discarding {
            position = 0
            skip = 0
        } else if isRowInProgress {
            rewindRow()
        } else {
            position = 0
            skip = 0
            resetRow()
        }
        return (rows, rejected)
    }
}
