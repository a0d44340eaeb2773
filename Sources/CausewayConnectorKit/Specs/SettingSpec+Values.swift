package import CausewayCore

extension SettingSpec {
    /// Reads a value as it is typed: "2222", "true", "30s", "a,b".
    ///
    /// - Parameter field: path of the setting, for the error.
    /// - Throws: ``CausewayError`` (invalid argument) that says what would be right.
    package func parse(_ text: String, field: String) throws(CausewayError) -> SettingValue {
        switch kind {
        case .text: return try checked(.text(text), field: field)
        case .choice: return try checked(.text(trimmed(text)), field: field)
        case .integer, .boolean, .duration: return try checked(.text(trimmed(text)), field: field)
        case .textList: return try checked(.texts(items(of: text)), field: field)
        }
    }

    /// `value` in the one form that is kept: integers as such, durations in their shortest text. Text where another
    /// type is wanted is read.
    ///
    /// - Throws: ``CausewayError`` (invalid argument) for another type, a value out of range, or no choice of those.
    package func checked(_ value: SettingValue, field: String) throws(CausewayError) -> SettingValue {
        switch (kind, value) {
        case (.text, .text(let text)):
            guard text.utf8.count <= 64 << 10 else { throw .invalid(field, "is longer than 64 KiB.") }
            guard !isRequired || !trimmed(text).isEmpty else { throw .invalid(field, "must not be empty.") }
            return value
        case (.integer(let range), .integer(let number)): return try checked(number, range, field)
        case (.integer(let range), .text(let text)):
            guard let number = Int64(text) else { throw .invalid(field, "\"\(text)\" is not a whole number.") }
            return try checked(number, range, field)
        case (.boolean, .boolean): return value
        case (.boolean, .text(let text)):
            switch text.lowercased() {
            case "true", "yes", "on", "1": return .boolean(true)
            case "false", "no", "off", "0": return .boolean(false)
            default: throw .invalid(field, "\"\(text)\" is neither true nor false.")
            }
        case (.duration(let range), .text(let text)):
            guard let duration = Duration(text: text) else {
                throw .invalid(field, "\"\(text)\" is not a duration such as 30s, 15m or 1h30m.")
            }
            return try checked(duration, range, field)
        case (.duration(let range), .integer(let seconds)):
            guard (0...3_000_000_000).contains(seconds) else {
                throw .invalid(field, "\(seconds) is not a number of seconds that can be waited.")
            }
            return try checked(.seconds(seconds), range, field)
        case (.choice(let choices), .text(let text)):
            if choices.contains(text) { return value }
            let near = Suggestion.nearest(to: text, among: choices).map { " Did you mean \"\($0)\"?" } ?? ""
            throw .invalid(field, "\"\(text)\" is not one of \(choices.joined(separator: ", ")).\(near)")
        case (.textList, .texts(let texts)):
            guard texts.count <= 1_000, texts.allSatisfy({ $0.utf8.count <= 4_096 }) else {
                throw .invalid(field, "has more than 1,000 items, or one that is longer than 4 KiB.")
            }
            guard !isRequired || !texts.isEmpty else { throw .invalid(field, "must not be empty.") }
            return value
        case (.textList, .text(let text)): return .texts(items(of: text))
        case (.text, _), (.integer, _), (.boolean, _), (.duration, _), (.choice, _), (.textList, _):
            throw .invalid(field, "must be \(kind.description).")
        }
    }

    private func checked(
        _ number: Int64, _ range: ClosedRange<Int64>, _ field: String
    ) throws(CausewayError) -> SettingValue {
        guard range.contains(number) else {
            throw .invalid(field, "\(number) is not from \(range.lowerBound) to \(range.upperBound).")
        }
        return .integer(number)
    }

    private func checked(
        _ duration: Duration, _ range: ClosedRange<Duration>, _ field: String
    ) throws(CausewayError) -> SettingValue {
        guard range.contains(duration) else {
            throw .invalid(
                field, "\(duration.text) is not from \(range.lowerBound.text) to \(range.upperBound.text).")
        }
        return .text(duration.text)
    }

    /// The parts between commas without the blanks around them; a backslash keeps a comma in its part. No text is no
    /// parts, and a part may be empty.
    private func items(of text: String) -> [String] {
        guard !text.isEmpty else { return [] }
        var items = [""]
        var isEscaped = false
        for character in text {
            switch character {
            case "\\" where !isEscaped:
                isEscaped = true
                continue
            case "," where !isEscaped: items.append("")
            default: items[items.count - 1].append(character)
            }
            isEscaped = false
        }
        return items.map(trimmed)
    }

    private func trimmed(_ text: String) -> String {
        var rest = text[...]
        while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
        while rest.last?.isWhitespace == true { rest = rest.dropLast() }
        return String(rest)
    }
}

extension SettingSpec.Kind: CustomStringConvertible {
    /// What a value must be, for people.
    package var description: String {
        switch self {
        case .text: "text"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true or false"
        case .duration(let range): "a duration from \(range.lowerBound.text) to \(range.upperBound.text)"
        case .choice(let choices): "one of \(choices.joined(separator: ", "))"
        case .textList: "a list of texts"
        }
    }
}
