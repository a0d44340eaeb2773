/// Makes text from anywhere safe to be shown on a terminal and to stand on one line.
enum LogText {
    /// The longest value, in bytes before escaping; the rest is cut and said so.
    static let greatestValue = 4_096

    /// As a word, or in double quotes where it is empty or has spaces, quotes or "=".
    static func value(_ text: String, to line: inout String) {
        let (kept, isCut) = cut(text)
        let isWord =
            !kept.isEmpty && !isCut
            && kept.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
            && !kept.utf8.contains(UInt8(ascii: "\\"))
        guard !isWord else {
            line += kept
            return
        }
        line += "\""
        for scalar in kept.unicodeScalars { escape(scalar, quoted: true, to: &line) }
        if isCut { line += "…" }
        line += "\""
    }

    /// Without quotes: for messages, which are our own words.
    static func message(_ text: String, to line: inout String) {
        let (kept, isCut) = cut(text)
        for scalar in kept.unicodeScalars { escape(scalar, quoted: false, to: &line) }
        if isCut { line += "…" }
    }

    /// As a JSON string, RFC 8259 §7, in which nothing is dangerous on a terminal either.
    static func json(_ text: String, to line: inout String) {
        let (kept, isCut) = cut(text)
        line += "\""
        for scalar in kept.unicodeScalars {
            switch scalar {
            case "\"": line += "\\\""
            case "\\": line += "\\\\"
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case _ where isDangerous(scalar):
                for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                    line += "\\u" + hexadecimal(UInt32(unit), width: 4)
                }
            default: line.unicodeScalars.append(scalar)
            }
        }
        if isCut { line += "…" }
        line += "\""
    }

    private static func escape(_ scalar: Unicode.Scalar, quoted: Bool, to line: inout String) {
        switch scalar {
        case "\"" where quoted: line += "\\\""
        case "\\": line += "\\\\"
        case "\n": line += "\\n"
        case "\r": line += "\\r"
        case "\t": line += "\\t"
        case _ where isDangerous(scalar): line += "\\u{" + hexadecimal(scalar.value, width: 1) + "}"
        default: line.unicodeScalars.append(scalar)
        }
    }

    /// Moves the cursor, ends the line, hides text or changes the order in which it is shown.
    static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true  // C0, DEL and C1
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true  // bidirectional controls
        case 0x2028, 0x2029: true  // line and paragraph separators
        case 0x00AD, 0x200B...0x200D, 0x2060...0x2064, 0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE007F: true  // invisible
        default: false
        }
    }

    private static func cut(_ text: String) -> (String, Bool) {
        guard text.utf8.count > greatestValue else { return (text, false) }
        let limit = text.utf8.index(text.utf8.startIndex, offsetBy: greatestValue)
        return (String(text[..<limit.samePosition(in: text.unicodeScalars, in: text)]), true)
    }

    private static func hexadecimal(_ number: UInt32, width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension String.Index {
    /// This index, or the nearest before it that is not within a scalar of `text`.
    fileprivate func samePosition(in scalars: String.UnicodeScalarView, in text: String) -> String.Index {
        var index = self
        while index > text.startIndex {
            if let same = index.samePosition(in: scalars) { return same }
            index = text.utf8.index(before: index)
        }
        return index
    }
}
