package import CausewayCore

/// The types that all values of a column seen so far could have. Text is always one.
package struct TypeCandidates: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let boolean = Self(rawValue: 1 << 0)
    package static let integer = Self(rawValue: 1 << 1)
    package static let decimal = Self(rawValue: 1 << 2)
    package static let date = Self(rawValue: 1 << 3)
    package static let dateTime = Self(rawValue: 1 << 4)
    package static let json = Self(rawValue: 1 << 5)
    /// Those of a column without values.
    package static let all: Self = [.boolean, .integer, .decimal, .date, .dateTime, .json]

    /// The narrowest type.
    package var narrowest: FieldType {
        if contains(.boolean) { return .boolean }
        if contains(.integer) { return .integer }
        if contains(.decimal) { return .decimal }
        if contains(.date) { return .date }
        if contains(.dateTime) { return .dateTime }
        if contains(.json) { return .json }
        return .text
    }

    /// The candidates that values of this type leave: an integer is a decimal too, a date a date-time.
    package init(_ type: FieldType) {
        self =
            switch type {
            case .boolean: .boolean
            case .integer: [.integer, .decimal]
            case .decimal: .decimal
            case .date: [.date, .dateTime]
            case .dateTime: .dateTime
            case .json: .json
            case .text: []
            }
    }
}

extension TypeCandidates {
    /// What a value can be, of `self`. The value is UTF-8.
    ///
    /// - Boolean: "true" or "false" in any case.
    /// - Integer: a JSON integer of 64 bits. "007" and "+33" are texts, they would not come back the same.
    /// - Decimal: a JSON number of any size, the exponent at most three digits.
    /// - Date: "2024-02-29", a day that there is.
    /// - Date-time: a date, or one with "T" or a space and "12:30", "12:30:05" or "12:30:05.25", and no zone, "Z",
    ///   "+02:00", "+0200" or "+02".
    /// - JSON: one whole object or array.
    package func kept(by value: UnsafeRawBufferPointer) -> Self {
        if contains(.json), JSONText.isContainer(value) { return .json }
        guard let first = value.first, value.count <= ValueForms.longest else { return [] }
        if first == UInt8(ascii: "-") || ValueForms.isDigit(first) {
            var kept: Self = []
            if !isDisjoint(with: [.integer, .decimal]) { kept = intersection(ValueForms.number(value)) }
            if kept.isEmpty, !isDisjoint(with: [.date, .dateTime]) { kept = intersection(ValueForms.time(value)) }
            return kept
        }
        return contains(.boolean) && ValueForms.isBoolean(value) ? .boolean : []
    }
}
