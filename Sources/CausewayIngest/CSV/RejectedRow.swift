/// A row that cannot be taken, with all that is needed to mend it.
package struct RejectedRow: Hashable, Sendable {
    /// Most bytes of a row that are kept.
    package static let maximumRawBytes = 64 << 10

    /// Why a row is rejected. The raw value is for programs and never changes.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        case tooFewFields = "TOO_FEW_FIELDS"
        case tooManyFields = "TOO_MANY_FIELDS"
        case textAfterQuote = "TEXT_AFTER_QUOTE"
        case unclosedQuote = "UNCLOSED_QUOTE"
        case rowTooLong = "ROW_TOO_LONG"
        case nulByte = "NUL_BYTE"
        case invalidUTF8 = "INVALID_UTF_8"
        case invalidUTF16 = "INVALID_UTF_16"
        case emptyPrimaryKey = "EMPTY_PRIMARY_KEY"
        case invalidJSON = "INVALID_JSON"
        case notAnObject = "NOT_AN_OBJECT"
        /// An object without a single field.
        case noFields = "NO_FIELDS"
        case nestedTooDeeply = "NESTED_TOO_DEEPLY"
        case labelTooLong = "LABEL_TOO_LONG"
    }

    package var reason: Reason
    /// For people: what is wrong with this row.
    package var message: String
    /// The line of the content that the row begins in, from 1.
    package var line: Int64
    /// The value at which it went wrong, of JSON the byte of its text, from 1; 0: the whole row.
    package var column: Int
    /// Which row it is, the first after the header being 1.
    package var sourceRow: Int64
    /// The row's bytes in the file's own encoding, after decompression, without the last line end.
    package var raw: [UInt8]
    /// The row is longer than `raw`.
    package var truncated: Bool
}
