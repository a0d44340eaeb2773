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

    /// As it is kept in the store.
    package var stored: StoredFileCheckpoint {
        var stored = StoredFileCheckpoint()
        stored.sourceOffset = sourceOffset
        stored.contentOffset = contentOffset
        stored.rows = rows
        stored.lines = lines
        stored.format = format.stored
        return stored
    }
}

extension FileFormat {
    /// - Returns: nil for what no reader wrote.
    package init?(_ stored: StoredFileFormat) {
        guard let encoding = TextEncoding(rawValue: stored.encoding),
            let compression = Compression(rawValue: stored.compression),
            let delimiter = UInt8(exactly: stored.delimiter), delimiter > 0, let quote = UInt8(exactly: stored.quote),
            quote != delimiter, !stored.header.isEmpty
        else { return nil }
        self.init(
            encoding: encoding, compression: compression,
            dialect: Dialect(delimiter: delimiter, quote: quote == 0 ? nil : quote), header: stored.header)
    }

    /// As it is kept in the store.
    package var stored: StoredFileFormat {
        var stored = StoredFileFormat()
        stored.encoding = encoding.rawValue
        stored.compression = compression.rawValue
        stored.delimiter = UInt32(dialect.delimiter)
        stored.quote = UInt32(dialect.quote ?? 0)
        stored.header = header
        return stored
    }
}
