import CausewayCore
import CausewayStore

/// What cuts the text of a file into rows: one of two scanners.
enum RowScanner {
    /// Why scanning ended.
    enum Stop {
        /// All text is used up, but for a row that is not complete.
        case needsText
        /// The first row of delimited text, the header, is complete.
        case header
        /// The batch is full.
        case full
    }

    case csv(CSVScanner)
    case json(JSONScanner)

    /// Bytes of text held.
    var textBytes: Int {
        switch self {
        case .csv(let scanner): scanner.text.count
        case .json(let scanner): scanner.text.count
        }
    }

    /// Whether there is a row, taken or rejected, in the batch in progress.
    var hasRows: Bool {
        switch self {
        case .csv(let scanner): scanner.columns > 0 && !scanner.isBatchEmpty
        case .json(let scanner): !scanner.isBatchEmpty
        }
    }

    /// The labels of the columns where they are found row by row.
    var labels: [String]? {
        switch self {
        case .csv: nil
        case .json(let scanner): scanner.fields.labels
        }
    }

    /// No column comes any more in the batch that is to be taken.
    func endColumns() {
        if case .json(let scanner) = self { scanner.fields.addKeyIfEmpty() }
    }

    /// Counts the byte order mark before the text.
    mutating func passMark(_ length: Int) {
        // The scanner must not be shared while it is changed.
        switch consume self {
        case .csv(var scanner):
            scanner.contentOffset += Int64(length)
            self = .csv(scanner)
        case .json(var scanner):
            scanner.contentOffset += Int64(length)
            scanner.doneOffset += Int64(length)
            self = .json(scanner)
        }
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        switch consume self {
        case .csv(var scanner):
            scanner.append(bytes)
            self = .csv(scanner)
        case .json(var scanner):
            scanner.append(bytes)
            self = .json(scanner)
        }
    }

    /// Goes on until something is to be done.
    ///
    /// - Parameter final: no text will follow.
    mutating func scan(final: Bool) throws(CausewayError) -> Stop {
        switch consume self {
        case .csv(var scanner):
            do throws(CausewayError) {
                let stop = try scanner.scan(final: final)
                self = .csv(scanner)
                return switch stop {
                case .needsText: .needsText
                case .header: .header
                case .full: .full
                }
            } catch {
                self = .csv(scanner)
                throw error
            }
        case .json(var scanner):
            do throws(CausewayError) {
                let stop = try scanner.scan(final: final)
                self = .json(scanner)
                return stop == .full ? .full : .needsText
            } catch {
                self = .json(scanner)
                throw error
            }
        }
    }

    /// Takes memory for the batch after the one in progress.
    mutating func reuse(_ buffers: consuming RowBatch.Buffers) {
        switch consume self {
        case .csv(var scanner):
            scanner.spare = buffers
            self = .csv(scanner)
        case .json(var scanner):
            scanner.spare = buffers
            self = .json(scanner)
        }
    }

    /// The rows so far; `format` has their columns.
    mutating func takeBatch(_ format: FileFormat) -> ParsedBatch {
        let offset: Int64
        var batch: ParsedBatch
        let isPacked = format.compression != .none
        switch consume self {
        case .csv(var scanner):
            let (rows, rejected) = scanner.takeBatch()
            offset = scanner.contentOffset
            batch = ParsedBatch(
                header: format.header, rows: rows, rejected: rejected,
                checkpoint: FileCheckpoint(
                    sourceOffset: isPacked ? 0 : offset, contentOffset: offset, rows: scanner.sourceRow,
                    lines: scanner.lines, format: format))
            self = .csv(scanner)
        case .json(var scanner):
            let (rows, rejected) = scanner.takeBatch()
            offset = scanner.doneOffset
            batch = ParsedBatch(
                header: format.header, rows: rows, rejected: rejected,
                checkpoint: FileCheckpoint(
                    sourceOffset: isPacked ? 0 : offset, contentOffset: offset, rows: scanner.sourceRow,
                    lines: scanner.doneLines, format: format))
            self = .json(scanner)
        }
        return batch
    }
}
