package import CausewayCore
import CausewayStore

/// Turns the bytes of one file into batches of rows: unpacks, decodes, finds out the format, parses.
///
/// Feed bytes as they arrive, and after each ``feed(_:)`` and after ``finish()`` take ``nextBatch()`` until it is nil.
/// Pure and synchronous. Memory is bounded: by what was fed and not yet taken, one batch of text (4 MiB, and at most one
/// row more), 16 bytes a cell, and 256 KiB of unpacked content. The rows, the rejected rows and their numbers do not
/// depend on how the file is cut into feeds, and a reader resumed at a batch's checkpoint gives exactly the rows that
/// follow it.
package struct FileRowReader: ~Copyable {
    private let options: FileFormatOptions
    private var content: ContentReader
    private var transcoder: Transcoder?
    private var scanner: CSVScanner?
    private var failure: CausewayError?
    private var hasGivenBatch: Bool

    /// How the file is read; nil until its header was read.
    package private(set) var format: FileFormat?
    /// Whether the first row looks like data, though it was taken for the header.
    package private(set) var isHeaderDoubtful = false

    /// A reader of a file from its start, or from `resume` on: then the first byte fed is the one at its
    /// `sourceOffset`.
    ///
    /// - Throws: `failedPrecondition` (`PRIMARY_KEY_MISSING`) when the file that is resumed lacks a key column.
    package init(options: FileFormatOptions, resume: FileCheckpoint? = nil) throws(CausewayError) {
        self.options = options
        content = ContentReader(limit: options.maximumContentBytes)
        hasGivenBatch = resume != nil
        guard let resume else { return }
        let isPacked = resume.format.compression != .none
        try content.resume(resume.format.compression, at: resume.contentOffset, skipping: isPacked)
        transcoder = Transcoder(resume.format.encoding)
        var scanner = makeScanner(resume.format.dialect, resume.format.encoding)
        scanner.columns = resume.format.header.count
        scanner.keyColumns = try Self.keyColumns(options.primaryKey, in: resume.format.header)
        scanner.sourceRow = resume.rows
        scanner.lines = resume.lines
        scanner.contentOffset = resume.contentOffset
        self.scanner = scanner
        format = resume.format
    }

    /// Bytes held of what was fed and not given yet, for tests.
    var bufferedBytes: Int { (scanner?.text.count ?? 0) + content.bufferedBytes }

    /// Adds the file's next bytes. Not after ``finish()``.
    package mutating func feed(_ bytes: [UInt8]) {
        content.feed(bytes)
    }

    /// Says that the file has no more bytes.
    package mutating func finish() {
        content.finish()
    }

    /// The next full batch, or what is left once the file is finished; nil when more bytes are needed or none are left.
    ///
    /// A file with a header and no rows gives one batch without rows; an empty file gives none.
    ///
    /// - Throws: why the file cannot be read further, after all rows before that place were given: `dataLoss` for a
    ///   damaged or cut compressed stream, `resourceExhausted` for one that unpacks to too much, `failedPrecondition`
    ///   for a format or header that cannot be read or lacks a key column. Every further call throws the same.
    package mutating func nextBatch() throws(CausewayError) -> ParsedBatch? {
        if failure == nil {
            do throws(CausewayError) {
                if try advance() { return takeBatch() }
            } catch {
                failure = error
            }
        }
        if let failure {
            guard let batch = takePartialBatch() else { throw failure }
            return batch
        }
        guard content.isOver else { return nil }
        if !hasGivenBatch, format != nil { return takeBatch() }
        return takePartialBatch()
    }

    /// The rows parsed so far though the batch is not full, nil when there are none: to commit before a pause.
    package mutating func takePartialBatch() -> ParsedBatch? {
        guard let scanner, scanner.columns > 0, !scanner.isBatchEmpty else { return nil }
        return takeBatch()
    }

    /// Parses what was fed.
    ///
    /// - Returns: whether a batch is full.
    private mutating func advance() throws(CausewayError) -> Bool {
        if scanner == nil {
            guard try prepare() else { return false }
        }
        while true {
            switch try scanner?.scan(final: content.isOver) {
            case nil: return false
            case .full: return true
            case .header: try readHeader()
            case .needsText:
                guard !content.isOver, try supply() else { return false }
            }
        }
    }

    /// Decodes the next piece of content; false when more bytes are needed.
    private mutating func supply() throws(CausewayError) -> Bool {
        guard let piece = try content.next(limit: ContentReader.stepBytes) else {
            guard content.isOver else { return false }
            var text: [UInt8] = []
            transcoder?.finish(to: &text)
            text.withUnsafeBytes { scanner?.append($0) }
            return true
        }
        piece.withUnsafeBytes { piece in
            if transcoder?.encoding == .utf8 {
                scanner?.append(piece)
            } else {
                var text: [UInt8] = []
                text.reserveCapacity(piece.count * 2)
                transcoder?.decode(piece, to: &text)
                text.withUnsafeBytes { scanner?.append($0) }
            }
        }
        return true
    }

    /// Finds out the format from the content's start; false when more bytes are needed.
    private mutating func prepare() throws(CausewayError) -> Bool {
        guard let sample = try content.sample() else { return false }
        let (encoding, mark) = try ContentDetection.encoding(sample, option: options.encoding)
        var transcoder = Transcoder(encoding)
        var text: [UInt8] = []
        sample.dropFirst(mark).withUnsafeBytes { transcoder.decode($0, to: &text) }
        if content.isOver { transcoder.finish(to: &text) }
        self.transcoder = transcoder
        let dialect = DialectDetection.dialect(text[...], isWhole: content.isOver, options: options)
        var scanner = makeScanner(dialect, encoding)
        scanner.contentOffset = Int64(mark)
        scanner.linesToSkip = max(options.skipRows, 0)
        text.withUnsafeBytes { scanner.append($0) }
        self.scanner = scanner
        return true
    }

    private func makeScanner(_ dialect: Dialect, _ encoding: TextEncoding) -> CSVScanner {
        var limits = CSVScanner.Limits()
        limits.columns = min(max(options.maximumColumns, 1), limits.columns)
        limits.rowBytes = min(max(options.maximumRowBytes, 1), limits.rowBytes)
        limits.batchRows = min(max(options.batchRows, 1), RowBatch.maximumRows)
        limits.batchText = min(max(options.batchBytes, 1), limits.batchText)
        return CSVScanner(format: dialect, encoding: encoding, options: options, limits: limits)
    }

    private mutating func readHeader() throws(CausewayError) {
        guard var scanner = self.scanner.take(), let encoding = transcoder?.encoding else { return }
        let labels: [String]
        if options.hasHeader ?? true {
            let cells = scanner.takeHeader()
            isHeaderDoubtful = HeaderLabels.lookLikeData(cells)
            labels = HeaderLabels.labels(cells)
        } else {
            labels = HeaderLabels.numbered(scanner.fields)
            scanner.takeColumnsFromFirstRow()
        }
        scanner.keyColumns = try Self.keyColumns(options.primaryKey, in: labels)
        format = FileFormat(
            encoding: encoding, compression: content.compression ?? .none, dialect: scanner.dialect, header: labels)
        self.scanner = scanner
    }

    private static func keyColumns(_ key: [String], in header: [String]) throws(CausewayError) -> [Int] {
        var columns: [Int] = []
        for label in key {
            guard let column = header.firstIndex(of: label) else {
                let known = header.prefix(20).joined(separator: ", ")
                throw CausewayError(
                    .failedPrecondition, reason: "PRIMARY_KEY_MISSING",
                    "The file has no column \"\(label)\", which the entity's primary key names; it has: \(known).",
                    metadata: ["column": label])
            }
            columns.append(column)
        }
        return columns
    }

    private mutating func takeBatch() -> ParsedBatch? {
        guard var scanner = self.scanner.take(), let format else { return nil }
        let (rows, rejected) = scanner.takeBatch()
        let checkpoint = FileCheckpoint(
            sourceOffset: format.compression == .none ? scanner.contentOffset : 0,
            contentOffset: scanner.contentOffset, rows: scanner.sourceRow, lines: scanner.lines, format: format)
        self.scanner = scanner
        hasGivenBatch = true
        return ParsedBatch(header: format.header, rows: rows, rejected: rejected, checkpoint: checkpoint)
    }
}
