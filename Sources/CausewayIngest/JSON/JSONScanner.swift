import CausewayCore
import CausewayStore

/// Cuts UTF-8 text of JSON objects into rows and cells, as the text arrives.
///
/// A row is an object: of one line each, of an array, or of several one behind the other. What is found does not depend
/// on how the text is cut into pieces, and reading again from behind any row finds the same from there on. Rejected are,
/// and reading goes on behind them:
/// - A line that is not valid JSON. In an array or without lines nobody can tell where the next object begins: the
///   broken one is rejected and the file ends with an error.
/// - What is valid and no object, or has no field.
/// - A row longer than the longest, or nested too deeply: it ends with its line, or where its brackets are closed.
/// - A text that is not valid UTF-8, holds half a surrogate pair or the character NUL.
/// - A row that would add more columns than there may be.
struct JSONScanner {
    struct Limits {
        var rowBytes = RowBatch.maximumRowBytes
        var columns = RowBatch.maximumColumns
        var batchText = RowBatch.textTarget
        var batchRows = RowBatch.maximumRows
        var batchCells = RowBatch.maximumCells
        var batchRejectedRows = 1_000
        var batchRejectedBytes = 4 << 20
    }

    /// Why scanning ended.
    enum Stop {
        /// All text is used up, but for a row that is not complete.
        case needsText
        case full
    }

    /// What may follow, outside rows.
    enum Place {
        /// The bracket that opens the array.
        case opening
        /// A row, or the end of the array.
        case first
        /// A row.
        case row
        /// A comma, or the end of the array.
        case separator
        /// Nothing.
        case end
    }

    enum Event {
        case needsText
        case goOn
        /// The row in progress has columns that there is no room for.
        case wide
    }

    /// Rows that are scanned at a time.
    static let chunkRows = 512

    let kind: FileKind
    let encoding: TextEncoding
    let limits: Limits
    let flattens: Bool
    let emptyIsNull: Bool
    let nullTokens: [[UInt8]]
    let fields: JSONFields

    /// The rows taken, the row in progress, and what was not looked at yet.
    var text: [UInt8] = []
    /// What was dealt with; a row, or what stands between two, begins here.
    var rowStart = 0
    /// Bytes before this one hold no end of the line in progress.
    var searched = 0
    /// The row in progress is not tried again before there is as much text.
    var retryAt = 0
    var place: Place

    /// Rows before the row in progress.
    var sourceRow: Int64 = 0
    /// Lines and bytes of the content before `rowStart`.
    var lines: Int64 = 0
    var contentOffset: Int64 = 0
    /// The same behind the last row, where a resumed reading begins.
    var doneLines: Int64 = 0
    var doneOffset: Int64 = 0

    /// Cells of the rows taken, `stride` for each, and room for more.
    var cells: [RowBatch.Cell] = []
    var stride = 0
    var rowsTaken = 0
    var sourceRows: [Int64] = []
    var rowLines: [Int64] = []
    /// Memory for the next batch.
    var spare = RowBatch.Buffers()
    var rejected: [RejectedRow] = []
    var rejectedBytes = 0
    /// The next row needs a batch of its own.
    var isClosed = false
    /// Columns before the row in progress.
    var knownColumns = 0
    /// The row in progress is read again, now that there is room for its columns.
    var isRetry = false
    /// Of the row that is being discarded.
    var discarded: Discarded?

    init(
        kind: FileKind, encoding: TextEncoding, fields: JSONFields, flattens: Bool, nulls: NullTokens, limits: Limits,
        resume: FileCheckpoint?
    ) {
        self.kind = kind
        self.encoding = encoding
        self.fields = fields
        self.flattens = flattens
        self.limits = limits
        emptyIsNull = nulls.emptyIsNull
        nullTokens = nulls.tokens
        place = kind == .jsonArray ? resume == nil ? .opening : .separator : .row
        sourceRow = resume?.rows ?? 0
        lines = resume?.lines ?? 0
        contentOffset = resume?.contentOffset ?? 0
        doneLines = lines
        doneOffset = contentOffset
    }

    var isBatchEmpty: Bool { rowsTaken == 0 && rejected.isEmpty }
    var isBatchFull: Bool {
        isClosed || rowsTaken >= limits.batchRows || (rowStart >= limits.batchText && !isBatchEmpty)
            || rejected.count >= limits.batchRejectedRows || rejectedBytes >= limits.batchRejectedBytes
            || (rowsTaken > 0 && (rowsTaken + 1) * fields.labels.count > limits.batchCells)
    }

    /// Adds text to what is to be scanned.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if isBatchEmpty, rowStart >= limits.batchText { dropText() }
        text.append(contentsOf: bytes)
    }

    /// Goes on until something is to be done.
    ///
    /// - Parameter final: no text will follow.
    /// - Throws: why the file cannot be read further.
    mutating func scan(final: Bool) throws(CausewayError) -> Stop {
        while true {
            if isBatchFull { return .full }
            if discarded != nil {
                if discard(final: final) == .needsText { return .needsText }
                continue
            }
            fields.bound()
            makeRoom()
            let event = kind == .jsonLines ? scanLines(final: final) : try scanElements(final: final)
            switch event {
            case .needsText: return .needsText
            case .goOn: continue
            case .wide: widen()
            }
        }
    }

    /// The rows and rejected rows so far. What was not dealt with stays.
    mutating func takeBatch() -> (rows: RowBatch, rejected: [RejectedRow]) {
        let columns = fields.labels.count
        packCells(columns)
        var taken = RowBatch.Buffers()
        swap(&taken, &spare)
        taken.clear()
        taken.exchange(&text, from: rowStart, limits.batchText)
        swap(&taken.cells, &cells)
        swap(&taken.sourceRows, &sourceRows)
        swap(&taken.lines, &rowLines)
        let rows = RowBatch(columnCount: columns, taken)
        let rejected = self.rejected
        self.rejected = []
        rejectedBytes = 0
        rowsTaken = 0
        isClosed = false
        moveBack(by: rowStart)
        return (rows, rejected)
    }

    private mutating func dropText() {
        text.removeSubrange(..<rowStart)
        moveBack(by: rowStart)
    }

    private mutating func moveBack(by count: Int) {
        rowStart -= count
        searched = max(0, searched - count)
        retryAt = max(0, retryAt - count)
    }

    // MARK: Cells

    /// Room for a chunk of rows behind those taken.
    private mutating func makeRoom() {
        if stride < fields.labels.count { restride() }
        // Never none: a row that brings the first columns is read into it.
        let count = max((rowsTaken + min(Self.chunkRows, limits.batchRows)) * stride, 1)
        guard cells.count < count else { return }
        // Of wide rows only a few: cells are made as rows come.
        let bounded = min(count, max((rowsTaken + 1) * stride, limits.batchCells))
        guard cells.count < bounded else { return }
        cells.append(contentsOf: repeatElement(.null, count: bounded - cells.count))
    }

    /// Room for the columns that the row in progress brings; without it the batch ends before that row.
    private mutating func widen() {
        if rowsTaken > 0, (rowsTaken + 1) * fields.labels.count > limits.batchCells {
            isClosed = true
            fields.truncate(to: knownColumns)
        } else {
            restride()
            isRetry = true
        }
    }

    private mutating func restride() {
        let columns = fields.labels.count
        // A little more, for files whose every row brings another one.
        let slack = rowsTaken > 0 ? min(columns + columns / 4 + 8, limits.columns) : columns
        let wide = (rowsTaken + 1) * slack <= limits.batchCells ? slack : columns
        if rowsTaken > 0 {
            var wider = [RowBatch.Cell](repeating: .null, count: (rowsTaken + 1) * wide)
            for row in 0..<rowsTaken {
                for column in 0..<stride { wider[row * wide + column] = cells[row * stride + column] }
            }
            cells = wider
        }
        stride = wide
    }

    /// Moves the cells together where there is more room a row than columns.
    private mutating func packCells(_ columns: Int) {
        guard stride != columns else { return }
        for row in 0..<rowsTaken {
            for column in 0..<columns { cells[row * columns + column] = cells[row * stride + column] }
        }
        stride = columns
    }
}
