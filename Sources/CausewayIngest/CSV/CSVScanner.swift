import CausewayCore
import CausewayStore

/// Cuts UTF-8 text into rows and cells, as the text arrives.
///
/// The rules are RFC 4180's, widened as follows. A line ends with LF, CRLF or CR, each line by itself. A quote inside an
/// unquoted value is text. Blank lines are no rows. A row that breaks the rules is rejected, and reading goes on:
/// - Text after a closing quote: the row ends at the next line end. If the quoted value spans lines and the line after
///   the one where it opened is a clean row by itself, the opening quote was a stray one: only its line is rejected.
/// - A quote that is not closed before the text or the longest row ends: the line where it opened is rejected, and
///   reading goes on with the line after it.
/// - A row longer than the longest: it ends at the next line end.
/// - Too few or too many values, unless the entity says that such rows are filled or cut.
///
/// Where the dialect has an escape, it replaces doubled quotes: inside quotes it makes text of a quote or escape that
/// follows it, before anything else it is text itself.
///
/// What is found does not depend on how the text is cut into pieces, and reading again from the start of any row finds
/// the same from there on.
struct CSVScanner {
    struct Limits {
        var rowBytes = RowBatch.maximumRowBytes
        var columns = RowBatch.maximumColumns
        var batchText = RowBatch.textTarget
        var batchRows = 32_768
        var batchCells = RowBatch.maximumCells
        var batchRejectedRows = 1_000
        var batchRejectedBytes = 4 << 20
        var batchRescan = 64 << 20
    }

    /// Why scanning ended.
    enum Stop {
        /// All text is used up, but for a row that is not complete.
        case needsText
        /// The first row, the header, is complete: see ``takeHeader()``.
        case header
        /// The batch is full.
        case full
    }

    /// What the next byte of the row in progress is part of.
    enum State {
        /// An unquoted value, or its beginning.
        case plain
        /// A quoted value.
        case quoted
        /// Nothing: a delimiter or line end follows a closing quote.
        case closed
        /// Text after a closing quote, at `position`.
        case junk
        /// A rejected row or a line that is none, up to its line end.
        case discarding
    }

    let dialect: Dialect
    let encoding: TextEncoding
    let limits: Limits
    let masks: ByteMasks
    /// Null for an empty value.
    let emptyIsNull: Bool
    /// Other unquoted values that are null.
    let nullTokens: [[UInt8]]
    let raggedRows: FileFormatOptions.RaggedOption
    let trimsValues: Bool
    /// Lines that are still to be left out before the header.
    var linesToSkip = 0

    /// Columns of a row; 0 until the header is known.
    var columns = 0
    /// Columns that may not be empty.
    var keyColumns: [Int] = []

    /// The rows taken, the row in progress, and what was not looked at yet.
    var text: [UInt8] = []
    /// The next byte to look at.
    var position = 0
    /// Bytes before this one were dealt with together with an earlier one.
    var skip = 0
    var rowStart = 0
    var fieldStart = 0
    var state = State.plain
    var quoteOpen = 0
    var valueEnd = 0
    /// Marks of the quoted value in progress.
    var fieldFlags: UInt64 = 0
    var fields = 0
    /// Line ends inside the row in progress.
    var rowLines: Int64 = 0
    /// The row in progress holds values that need a second look, see ``CellFlags``.
    var rowFlags: UInt64 = 0
    /// The end of the last stretch of bytes that are not all ASCII.
    var nonASCIIEnd = 0

    /// Rows before the row in progress.
    var sourceRow: Int64 = 0
    /// Lines before the row in progress.
    var lines: Int64 = 0
    /// Bytes of the content before the row in progress.
    var contentOffset: Int64 = 0

    /// Cells of the rows taken, then of the row in progress.
    var cells: [RowBatch.Cell] = []
    var rowsTaken = 0
    var sourceRows: [Int64] = []
    var rowLineNumbers: [Int64] = []
    /// Memory for the next batch.
    var spare = RowBatch.Buffers()
    var rejected: [RejectedRow] = []
    var rejectedBytes = 0
    /// Bytes of this batch that were looked at once more, after a quote that was not closed.
    var rescannedBytes = 0
    /// Of the row that is being discarded.
    var discarded: Discarded?

    init(format: Dialect, encoding: TextEncoding, options: FileFormatOptions, limits: Limits) {
        let nulls = NullTokens(options.nullTokens)
        dialect = format
        raggedRows = options.raggedRows
        trimsValues = options.trimsValues
        self.encoding = encoding
        self.limits = limits
        masks = ByteMasks(format)
        emptyIsNull = nulls.emptyIsNull
        nullTokens = nulls.tokens
    }

    /// Marks in the length of a cell of the row in progress.
    enum CellFlags {
        static let doubledQuotes: UInt64 = 1 << 31
        static let quoted: UInt64 = 1 << 30
        static let nul: UInt64 = 1 << 29
        static let length: UInt64 = nul - 1
    }

    static let nullCell = UInt64.max

    /// Bytes of text that belong to no complete row yet.
    var pendingBytes: Int { text.count - rowStart }
    var isBatchEmpty: Bool { rowsTaken == 0 && rejected.isEmpty }
    var isBatchFull: Bool {
        rowsTaken >= limits.batchRows || rowStart >= limits.batchText
            || rejected.count >= limits.batchRejectedRows || rejectedBytes >= limits.batchRejectedBytes
            || (rowsTaken > 0 && (rowsTaken + 1) * columns > limits.batchCells) || rescannedBytes >= limits.batchRescan
    }

    /// Goes on until something is to be done.
    ///
    /// - Parameter final: no text will follow.
    mutating func scan(final: Bool) throws(CausewayError) -> Stop {
        while true {
            if columns > 0, isBatchFull { return .full }
            let event: Event
            switch state {
            case .discarding: event = discard(final: final)
            case .junk:
                guard columns > 0 else { throw Self.unreadableHeader("it has text after a closing quote") }
                event = resolveJunk(final: final)
            case .plain, .quoted, .closed:
                if isAtOtherLine { discardLine() }
                event = state == .discarding ? discard(final: final) : scanRows(final: final)
            }
            switch event {
            case .needsText: return .needsText
            case .goOn: continue
            case .rowEnd(let end, let next):
                guard columns > 0 else {
                    try checkHeader(end: end)
                    headerEnd = next
                    return .header
                }
                settleRow(end: end, next: next)
            case .unfinished:
                guard columns > 0 else { throw Self.unreadableHeader("its row does not end") }
                if endUnfinishedRow(final: final) == .needsText { return .needsText }
            }
        }
    }

    /// Where the row behind the header begins, once the header is complete.
    var headerEnd = 0

    enum Event: Equatable {
        case needsText
        case goOn
        /// A row ended that cannot be taken as it is.
        case rowEnd(end: Int, next: Int)
        /// The row in progress is longer than a row may be, or the text ended inside a quoted value.
        case unfinished
    }
}
