package import CausewayMessages

extension FileCheckpoint {
    /// - Returns: nil for what no reader wrote: an encoding or packing that is not known, no columns.
    package init?(_ stored: StoredFileCheckpoint) {
        guard let format = stored.format.flatMap(FileFormat.init), stored.sourceOffset >= 0, stored.contentOffset >= 0,
            stored.rows >= 0, stored.lines >= 0
        else { return nil }
        self.init(
            sourceOffset: stored.sourceOffset, contentOffset: stored.contentOffset, rows: stored.rows,
            lines: stored.lines, format: format)
    }
}

extension FileFormat {
    /// - Returns: nil for what no reader wrote.
    package init?(_ stored: StoredFileFormat) {
        guard let encoding = TextEncoding(rawValue: stored.encoding),
            let compression = Compression(rawValue: stored.compression),
            let kind = FileKind(rawValue: stored.kind.isEmpty ? FileKind.csv.rawValue : stored.kind)
        else { return nil }
        guard kind == .csv else {
            self.init(encoding: encoding, compression: compression, kind: kind, header: stored.header)
            return
        }
        guard let delimiter = UInt8(exactly: stored.delimiter), delimiter > 0, let quote = UInt8(exactly: stored.quote),
            let escape = UInt8(exactly: stored.escape), let comment = UInt8(exactly: stored.comment),
            quote != delimiter, escape != delimiter, !stored.header.isEmpty
        else { return nil }
        let dialect = Dialect(
            delimiter: delimiter, quote: quote == 0 ? nil : quote, escape: escape == 0 ? nil : escape,
            comment: comment == 0 ? nil : comment)
        self.init(encoding: encoding, compression: compression, dialect: dialect, header: stored.header)
    }
}

extension StoredFileCheckpoint {
    package init(_ checkpoint: FileCheckpoint) {
        self.init()
        sourceOffset = checkpoint.sourceOffset
        contentOffset = checkpoint.contentOffset
        rows = checkpoint.rows
        lines = checkpoint.lines
        format = StoredFileFormat(checkpoint.format)
    }
}

extension StoredFileFormat {
    package init(_ format: FileFormat) {
        self.init()
        encoding = format.encoding.rawValue
        compression = format.compression.rawValue
        kind = format.kind.rawValue
        header = format.header
        guard format.kind == .csv else { return }
        delimiter = UInt32(format.dialect.delimiter)
        quote = UInt32(format.dialect.quote ?? 0)
        escape = UInt32(format.dialect.escape ?? 0)
        comment = UInt32(format.dialect.comment ?? 0)
    }
}
