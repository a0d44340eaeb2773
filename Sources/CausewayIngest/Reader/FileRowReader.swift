package import CausewayCore
package import CausewayStore

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
    private var scanner: RowScanner?
    private var failure: CausewayError?
    private var hasGivenBatch: Bool
    private let clock: (@Sendable () -> Int64)?
    private var timings = ReadTimings()

    /// How the file is read; nil until its header was read. With JSON its header grows from batch to batch.
    package private(set) var format: FileFormat?
    /// Whether the first row looks like data, though it was taken for the header.
    package private(set) var isHeaderDoubtful = false

    /// A reader of a file from its start, or from `resume` on: then the first byte fed is the one at its
    /// `sourceOffset`.
    ///
    /// - Throws: `failedPrecondition` (`PRIMARY_KEY_MISSING`) when the file that is resumed lacks a key column.
    /// - Parameter clock: nanoseconds of a clock that only goes forward, for ``takeTimings()``.
    package init(
        options: FileFormatOptions, resume: FileCheckpoint? = nil, clock: (@Sendable () -> Int64)? = nil
    ) throws(CausewayError) {
        self.options = options
        self.clock = clock
        content = ContentReader(limit: options.maximumContentBytes, clock: clock)
        hasGivenBatch = resume != nil
        guard let resume else { return }
        let isPacked = resume.format.compression != .none
        try content.resume(resume.format.compression, at: resume.contentOffset, skipping: isPacked)
        transcoder = try Transcoder(resume.format.encoding)
        scanner = try makeScanner(resume.format, resume)
        format = resume.format
    }

    /// Bytes held of what was fed and not given yet, for tests.
    var bufferedBytes: Int { (scanner?.textBytes ?? 0) + content.bufferedBytes }

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
    /// A file with a header and no rows gives one batch without rows; an empty one and one of JSON without objects none.
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
        guard let scanner, scanner.hasRows else { return nil }
        return takeBatch()
    }

    /// What unpacking and decoding took since the last time; they are part of ``nextBatch()``.
    package mutating func takeTimings() -> ReadTimings {
        var taken = ReadTimings()
        swap(&taken, &timings)
        taken += content.takeTimings()
        return taken
    }

    /// Takes back a batch that nobody reads any more: a later one is made in its memory.
    package mutating func reuse(_ batch: consuming RowBatch) {
        guard batch.text.capacity <= RowBatch.textTarget + RowBatch.maximumRowBytes + 4 * ContentReader.stepBytes else {
            return
        }
        scanner?.reuse(batch.takeBuffers())
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
                let start = clock?() ?? 0
                transcoder?.decode(piece, to: &text)
                timings.decode += (clock?() ?? 0) - start
                timings.decodedBytes += text.count
                text.withUnsafeBytes { scanner?.append($0) }
            }
        }
        return true
    }

    /// Finds out the format from the content's start; false when more bytes are needed.
    private mutating func prepare() throws(CausewayError) -> Bool {
        guard let sample = try content.sample() else { return false }
        let (encoding, mark) = try ContentDetection.encoding(sample, option: options.encoding)
        var transcoder = try Transcoder(encoding)
        var text: [UInt8] = []
        sample.dropFirst(mark).withUnsafeBytes { transcoder.decode($0, to: &text) }
        if content.isOver { transcoder.finish(to: &text) }
        self.transcoder = transcoder
        var found = FileFormat(encoding: encoding, compression: content.compression ?? .none, header: [])
        found.kind = JSONDetection.kind(text[...], isWhole: content.isOver, option: options.format)
        if found.kind == .csv {
            found.dialect = DialectDetection.dialect(text[...], isWhole: content.isOver, options: options)
        } else {
            format = found
            hasGivenBatch = true
        }
        scanner = try makeScanner(found, nil)
        scanner?.passMark(mark)
        text.withUnsafeBytes { scanner?.append($0) }
        return true
    }

    /// - Parameter resume: where reading goes on, with the format that was found then.
    private func makeScanner(_ format: FileFormat, _ resume: FileCheckpoint?) throws(CausewayError) -> RowScanner {
        let columns = min(max(options.maximumColumns, 1), RowBatch.maximumColumns)
        let rowBytes = min(max(options.maximumRowBytes, 1), RowBatch.maximumRowBytes)
        let rows = min(max(options.batchRows, 1), RowBatch.maximumRows)
        let text = min(max(options.batchBytes, 1), RowBatch.textTarget)
        guard format.kind == .csv else {
            var limits = JSONScanner.Limits()
            (limits.columns, limits.rowBytes, limits.batchRows, limits.batchText) = (columns, rowBytes, rows, text)
            let fields = JSONFields(
                labels: format.header, key: options.primaryKey, maximumColumns: columns, seed: options.hashSeed)
            return .json(
                JSONScanner(
                    kind: format.kind, encoding: format.encoding, fields: fields,
                    flattens: options.nested == .flatten, nulls: NullTokens(options.nullTokens),
                    limits: limits, resume: resume))
        }
        var limits = CSVScanner.Limits()
        (limits.columns, limits.rowBytes, limits.batchRows, limits.batchText) = (columns, rowBytes, rows, text)
        var scanner = CSVScanner(format: format.dialect, encoding: format.encoding, options: options, limits: limits)
        if let resume {
            scanner.columns = format.header.count
            scanner.keyColumns = try Self.keyColumns(options.primaryKey, in: format.header)
            scanner.sourceRow = resume.rows
            scanner.lines = resume.lines
            scanner.contentOffset = resume.contentOffset
        } else {
            scanner.linesToSkip = max(options.skipRows, 0)
        }
        return .csv(scanner)
    }

    private mutating func readHeader() throws(CausewayError) {
        guard case .csv(var scanner) = self.scanner.take(), let encoding = transcoder?.encoding else { return }
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
        self.scanner = .csv(scanner)
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
        guard var scanner = self.scanner.take(), var format else { return nil }
        scanner.endColumns()
        // The header may have grown, and is the checkpoint's then.
        if let labels = scanner.labels, labels.count != format.header.count {
            format.header = labels
            self.format = format
        }
        let batch = scanner.takeBatch(format)
        self.scanner = scanner
        hasGivenBatch = true
        return batch
    }
}
