extension Unicode.Scalar {
    /// Whether a terminal may do something else with the scalar than show it: C0, DEL, C1, separators of lines and
    /// paragraphs, and the controls of writing direction (Unicode Standard Annex 9).
    var isUnsafeOnTerminal: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0: true
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }
}

/// Text from outside, made harmless: control characters become visible.
enum Escaping {
    /// The text on one line: tabs and newlines are shown as "\t" and "\n", other controls as "\x1b" or "\u{202e}".
    static func line(_ text: some StringProtocol) -> String {
        guard text.unicodeScalars.contains(where: \.isUnsafeOnTerminal) else { return String(text) }
        var result = ""
        for scalar in text.unicodeScalars { append(scalar, to: &result) }
        return result
    }

    /// As ``line(_:)``, but newlines and tabs stay what they are.
    static func block(_ text: some StringProtocol) -> String {
        guard text.unicodeScalars.contains(where: \.isUnsafeOnTerminal) else { return String(text) }
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar == "\n" || scalar == "\t" {
                result.unicodeScalars.append(scalar)
            } else {
                append(scalar, to: &result)
            }
        }
        return result
    }

    private static func append(_ scalar: Unicode.Scalar, to result: inout String) {
        guard scalar.isUnsafeOnTerminal else {
            result.unicodeScalars.append(scalar)
            return
        }
        switch scalar {
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        default:
            let digits = String(scalar.value, radix: 16)
            result += scalar.value < 0x100 ? "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits : "\\u{\(digits)}"
        }
    }
}
