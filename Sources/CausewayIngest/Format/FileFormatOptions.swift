package import CausewayCore

/// What an entity says about its files; nil is for what is to be found out from the file.
package struct FileFormatOptions: Hashable, Sendable {
    package var format: FormatOption?
    /// What becomes of objects inside a JSON object.
    package var nested = NestedOption.flatten
    /// One ASCII character.
    package var delimiter: UInt8?
    package var quote: QuoteOption?
    /// One ASCII character that, inside quotes, makes text of a quote or such a character behind it; nil: quotes inside
    /// quotes are doubled.
    package var escape: UInt8?
    /// One ASCII character that begins a line which is no row; nil: there is none.
    package var comment: UInt8?
    /// What becomes of a row with another number of values than the header.
    package var raggedRows = RaggedOption.quarantine
    /// Lines before the header, or before the first row where there is none, that are passed over.
    package var skipRows = 0
    /// Whether spaces and tabs around an unquoted value are no part of it.
    package var trimsValues = false
    /// Whether the first row holds the labels; nil: it does.
    package var hasHeader: Bool?
    package var encoding: EncodingOption?
    /// Values that stand for null. Of delimited text where they are not quoted, but "" also where it is; of JSON texts,
    /// numbers and booleans alike.
    package var nullTokens: [String] = [""]
    /// Labels of the columns that identify a record; none: the source position does.
    package var primaryKey: [String] = []
    /// Most columns, at most 4,096.
    package var maximumColumns = 4_096
    /// Most bytes of a row with its delimiters and quotes, at most 4 MiB.
    package var maximumRowBytes = 4 << 20
    /// Most rows of a batch, at most 65,536.
    package var batchRows = 32_768
    /// Bytes of text at which a batch is closed, at most 4 MiB.
    package var batchBytes = 4 << 20
    /// Of hashes of names that stand in files, so that nobody can choose names whose hashes meet. Changes nothing that is
    /// read.
    package var hashSeed: UInt64 = 0
    /// Most bytes of the content after decompression.
    package var maximumContentBytes = Int64.max

    package enum FormatOption: String, Hashable, Sendable {
        case csv
        case jsonLines = "json-lines"
        /// A JSON array of objects, or objects one behind the other.
        case json
    }

    package enum NestedOption: String, Hashable, Sendable {
        /// Their fields are fields of the record, under a dotted name.
        case flatten
        /// They are kept as JSON text.
        case json
    }

    package enum RaggedOption: String, Hashable, Sendable, CaseIterable {
        case quarantine
        /// Missing values are null; a row with too many goes to quarantine.
        case pad
        /// Missing values are null, and those beyond the header are left out.
        case truncate
    }

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
        /// "auto", "csv", "json-lines" or "json".
        package static let format = "format"
        /// "flatten" or "json".
        package static let nested = "nested"
        /// One character, or "tab".
        package static let delimiter = "delimiter"
        /// One character, or "none".
        package static let quote = "quote"
        /// One character, or "none".
        package static let escape = "escape"
        /// One character, or "none".
        package static let comment = "comment"
        /// "quarantine", "pad" or "truncate".
        package static let raggedRows = "ragged_rows"
        /// Integer.
        package static let skipRows = "skip_rows"
        /// Boolean.
        package static let trimValues = "trim_values"
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
        if let text = settings.text(SettingName.escape), !text.isEmpty, text != "none" {
            escape = try Self.character(text, SettingName.escape)
        }
        if let text = settings.text(SettingName.comment), !text.isEmpty, text != "none" {
            comment = try Self.character(text, SettingName.comment)
        }
        format = try Self.choice(settings, SettingName.format, except: "auto")
        nested = try Self.choice(settings, SettingName.nested) ?? .flatten
        raggedRows = try Self.choice(settings, SettingName.raggedRows) ?? .quarantine
        skipRows = Int(clamping: max(0, settings.integer(SettingName.skipRows) ?? 0))
        trimsValues = settings.boolean(SettingName.trimValues) ?? false
        hasHeader = settings.boolean(SettingName.header)
        if let text = settings.text(SettingName.encoding)?.lowercased(), !text.isEmpty, text != "auto" {
            encoding = try Self.encoding(text)
        }
        nullTokens = settings.texts(SettingName.nullValues) ?? [""]
        primaryKey = settings.texts(SettingName.primaryKey) ?? []
        if let delimiter, quote == .byte(delimiter) {
            throw .invalid(SettingName.quote, "must differ from the delimiter.")
        }
        if let delimiter, escape == delimiter {
            throw .invalid(SettingName.escape, "must differ from the delimiter.")
        }
        if let comment, comment == delimiter || quote == .byte(comment) || comment == escape {
            throw .invalid(SettingName.comment, "must differ from delimiter, quote and escape.")
        }
    }

    private static func choice<Option: RawRepresentable>(
        _ settings: Settings, _ setting: String, except none: String = ""
    ) throws(CausewayError) -> Option? where Option.RawValue == String {
        guard let text = settings.text(setting), !text.isEmpty, text != none else { return nil }
        guard let option = Option(rawValue: text) else { throw .invalid(setting, "\"\(text)\" is not known.") }
        return option
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
