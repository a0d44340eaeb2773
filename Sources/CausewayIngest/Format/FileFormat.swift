/// How the characters of a text file are written as bytes.
package enum TextEncoding: String, Hashable, Sendable, CaseIterable {
    case utf8 = "utf-8"
    case utf16LittleEndian = "utf-16le"
    case utf16BigEndian = "utf-16be"
    case latin1 = "iso-8859-1"
    case windows1252 = "windows-1252"
}

/// How a file is packed, as its first bytes tell.
package enum Compression: String, Hashable, Sendable, CaseIterable {
    case none = ""
    case gzip
    case zstd
}

/// How the records of a file are written.
package enum FileKind: String, Hashable, Sendable, CaseIterable {
    /// Delimited text.
    case csv
    /// A JSON object a line.
    case jsonLines = "json-lines"
    /// A JSON array of objects.
    case jsonArray = "json-array"
    /// JSON objects one behind the other, each over any number of lines; often one alone.
    case jsonObjects = "json-objects"
}

/// How the rows of a delimited text are written.
package struct Dialect: Hashable, Sendable {
    /// The byte between two values.
    package var delimiter: UInt8
    /// The byte around values that hold delimiters, quotes or line ends; nil: there is none.
    package var quote: UInt8?
    /// The byte that, inside quotes, makes text of a quote or such a byte behind it; nil: a quote inside quotes is
    /// doubled.
    package var escape: UInt8?
    /// The byte that a line begins with which is no row; nil: there is none.
    package var comment: UInt8?

    package init(
        delimiter: UInt8 = UInt8(ascii: ","), quote: UInt8? = UInt8(ascii: "\""), escape: UInt8? = nil,
        comment: UInt8? = nil
    ) {
        self.delimiter = delimiter
        self.quote = quote
        self.escape = escape
        self.comment = comment
    }
}

/// How a file is read, as found at its start. A resumed reading goes by this and detects nothing.
package struct FileFormat: Hashable, Sendable {
    package var encoding: TextEncoding
    package var compression: Compression
    package var kind: FileKind
    /// Means nothing for JSON.
    package var dialect: Dialect
    /// The labels of the columns, unique and never empty. Of JSON those seen so far, by first appearance; maybe none.
    package var header: [String]

    package init(
        encoding: TextEncoding, compression: Compression, kind: FileKind = .csv, dialect: Dialect = Dialect(),
        header: [String]
    ) {
        self.encoding = encoding
        self.kind = kind
        self.compression = compression
        self.dialect = dialect
        self.header = header
    }
}

/// Where reading a file has got to: just behind a row.
package struct FileCheckpoint: Hashable, Sendable {
    /// Byte of the file, as its source has it, from which a resumed reading is fed: 0 for a compressed one.
    package var sourceOffset: Int64
    /// Bytes of the content, after decompression and before any change of encoding, behind the last row.
    package var contentOffset: Int64
    /// Rows so far, those taken and those rejected; the header is none.
    package var rows: Int64
    /// Lines before `contentOffset`.
    package var lines: Int64
    package var format: FileFormat

    package init(sourceOffset: Int64, contentOffset: Int64, rows: Int64, lines: Int64, format: FileFormat) {
        self.sourceOffset = sourceOffset
        self.contentOffset = contentOffset
        self.rows = rows
        self.lines = lines
        self.format = format
    }
}
