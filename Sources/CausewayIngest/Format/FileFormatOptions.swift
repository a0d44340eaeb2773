package import CausewayCore

/// What an entity says about its files; nil is for what is to be found out from the file.
package struct FileFormatOptions: Hashable, Sendable {
    /// One ASCII character.
    package var delimiter: UInt8?
    package var quote: QuoteOption?
    /// Whether the first row holds the labels; nil: it does.
    package var hasHeader: Bool?
    package var encoding: EncodingOption?
    /// Values that stand for null, where they are not quoted. "" also where it is.
    package var nullTokens: [String] = [""]
    /// Labels of the columns that identify a record; none: the source position does.
    package var primaryKey: [String] = []
    /// Most columns, at most 4,096.
    package var maximumColumns = 4_096
    /// Most bytes of a row with its delimiters and quotes, at most 4 MiB.
    package var maximumRowBytes = 4 << 20
    /// Most rows of a batch, at most 65,535.
    package var batchRows = 32_768
    /// Bytes of text at which a batch is closed, at most 4 MiB.
    package var batchBytes = 4 << 20
    /// Most bytes of the content after decompression.
    package var maximumContentBytes = Int64.max

    package enum QuoteOption: Hashable, Sendable {
        case none
        case byte(UInt8)
    }

    package enum EncodingOption: Hashable, Sendable {
        case fixed(TextEncoding)
        /// Byte order by the byte order mark, else by the text, else little endian.
        case utf16
    }

    package init() {}
}

/// Values that are null.
struct NullTokens {
    var emptyIsNull: Bool
    /// All but the empty one.
    var tokens: [[UInt8]]

    init(_ texts: [String]) {
        emptyIsNull = texts.contains("")
        tokens = texts.filter { !$0.isEmpty }.map { Array($0.utf8) }
    }
}

extension FileFormatOptions {
    /// Names of an entity's settings that say how its files are read.
    package enum SettingName {
        /// One character, or "tab".
        package static let delimiter = "delimiter"
        /// One character, or "none".
        package static let quote = "quote"
        /// Boolean.
        package static let header = "header"
        /// "utf-8", "utf-16", "utf-16le", "utf-16be", "iso-8859-1" or "windows-1252".
        package static let encoding = "encoding"
        /// List of texts.
        package static let nullValues = "null_values"
        /// List of labels.
        package static let primaryKey = "primary_key"
    }

    /// - Throws: invalid argument, naming the setting.
    package init(settings: Settings) throws(CausewayError) {
        if let text = settings.text(SettingName.delimiter), !text.isEmpty, text != "auto" {
            delimiter = try Self.character(text, SettingName.delimiter)
        }
        if let text = settings.text(SettingName.quote), !text.isEmpty, text != "auto" {
            quote = text == "none" ? QuoteOption.none : .byte(try Self.character(text, SettingName.quote))
        }
        hasHeader = settings.boolean(SettingName.header)
        if let text = settings.text(SettingName.encoding)?.lowercased(), !text.isEmpty, text != "auto" {
            encoding = try Self.encoding(text)
        }
        nullTokens = settings.texts(SettingName.nullValues) ?? [""]
        primaryKey = settings.texts(SettingName.primaryKey) ?? []
        if let delimiter, quote == .byte(delimiter) {
            throw .invalid(SettingName.quote, "must differ from the delimiter.")
        }
    }

    private static func character(_ text: String, _ setting: String) throws(CausewayError) -> UInt8 {
        if text == "tab" || text == "\\t" { return UInt8(ascii: "\t") }
        let bytes = Array(text.utf8)
        guard bytes.count == 1, bytes[0] == UInt8(ascii: "\t") || (0x20...0x7E).contains(bytes[0]) else {
            throw .invalid(setting, "must be one printable ASCII character or \"tab\".")
        }
        return bytes[0]
    }

    private static func encoding(_ text: String) throws(CausewayError) -> EncodingOption {
        switch text {
        case "utf-16", "utf16": return .utf16
        case "utf8": return .fixed(.utf8)
        case "latin-1", "latin1": return .fixed(.latin1)
        case "cp1252": return .fixed(.windows1252)
        default:
            guard let encoding = TextEncoding(rawValue: text) else {
                let known = (TextEncoding.allCases.map(\.rawValue) + ["utf-16"]).joined(separator: ", ")
                throw .invalid(SettingName.encoding, "\"\(text)\" is not known; one of \(known).")
            }
            return .fixed(encoding)
        }
    }
}
