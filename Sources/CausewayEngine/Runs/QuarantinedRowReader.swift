import CausewayCore
import CausewayIngest
import CausewayMessages
import CausewayStore

/// Reads single rows from quarantine again: by the format of the file they came from, with the entity's settings as they
/// are now.
struct QuarantinedRowReader {
    enum Reading {
        /// The row as a batch of one.
        case taken(header: [String], RowBatch)
        /// Still none that can be taken.
        case stays(reason: String, message: String)
    }

    private let options: FileFormatOptions
    private let format: FileFormat?

    /// - Parameter stored: how the file was read; nil: not known.
    init(_ options: FileFormatOptions, _ stored: StoredFileFormat?) {
        self.options = options
        format = stored.flatMap { FileFormat($0) }.map { Self.format($0, with: options) }
    }

    func read(_ row: StoredQuarantinedRow) -> Reading {
        guard !row.truncated else {
            return .stays(
                reason: row.reason,
                message: "Only the first \(row.raw.count) bytes of the row are kept; fetch its file again instead.")
        }
        guard let format else {
            return .stays(
                reason: row.reason, message: "How its file was read is not known any more; fetch the file again.")
        }
        do throws(CausewayError) {
            return try reading(row, format)
        } catch {
            return .stays(reason: error.reason, message: error.message)
        }
    }

    private func reading(_ row: StoredQuarantinedRow, _ format: FileFormat) throws(CausewayError) -> Reading {
        let checkpoint = FileCheckpoint(
            sourceOffset: 0, contentOffset: 0, rows: max(0, row.sourceRow - 1), lines: max(0, row.line - 1),
            format: format)
        var reader = try FileRowReader(options: options, resume: checkpoint)
        reader.feed(row.raw)
        reader.finish()
        var taken: ParsedBatch?
        var rows = 0
        while let batch = try reader.nextBatch() {
            if let rejected = batch.rejected.first {
                return .stays(reason: rejected.reason.rawValue, message: rejected.message)
            }
            rows += batch.rows.rowCount
            if batch.rows.rowCount == 1 { taken = batch }
        }
        guard rows == 1, let taken else {
            return .stays(
                reason: row.reason, message: "Its bytes are \(rows) rows by the settings as they are now, not one.")
        }
        return .taken(header: taken.header, taken.rows)
    }

    /// The file's format with what the settings say now. A row's bytes are not packed, and stand alone.
    private static func format(_ found: FileFormat, with options: FileFormatOptions) -> FileFormat {
        var format = found
        format.compression = .none
        if case .fixed(let encoding)? = options.encoding { format.encoding = encoding }
        guard format.kind == .csv else {
            if format.kind == .jsonArray { format.kind = .jsonObjects }
            return format
        }
        if let delimiter = options.delimiter, delimiter != found.dialect.delimiter {
            format.dialect.delimiter = delimiter
            // The labels were cut by the other delimiter as well.
            let old = String(UnicodeScalar(found.dialect.delimiter))
            format.header = found.header.joined(separator: old)
                .split(separator: Character(UnicodeScalar(delimiter)), omittingEmptySubsequences: false)
                .map(String.init)
        }
        switch options.quote {
        case .some(.none): format.dialect.quote = nil
        case .byte(let quote): format.dialect.quote = quote
        case nil: break
        }
        if let escape = options.escape { format.dialect.escape = escape }
        if let comment = options.comment { format.dialect.comment = comment }
        return format
    }
}
