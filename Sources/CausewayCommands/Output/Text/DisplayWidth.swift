/// How many columns of a terminal a text takes.
enum DisplayWidth {
    /// Columns of the whole text, which holds no control characters.
    static func of(_ text: some StringProtocol) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    /// Columns of one character: the widest of its scalars, as combining marks take none.
    static func of(_ character: Character) -> Int {
        let scalars = character.unicodeScalars
        if scalars.contains("\u{FE0F}") { return 2 }
        return scalars.reduce(0) { max($0, of($1)) }
    }

    /// The text padded with spaces to `width`, or as it is when wider.
    static func padded(_ text: String, to width: Int, onTheLeft: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(0, width - of(text)))
        return onTheLeft ? spaces + text : text + spaces
    }

    /// The text if it fits into `width`, else its beginning and "…".
    static func truncated(_ text: String, to width: Int) -> String {
        guard of(text) > width else { return text }
        guard width > 0 else { return "" }
        return beginning(of: text, width - 1, least: 0) + "…"
    }

    /// The text if it fits into `width`, else "…" and its end.
    static func truncatedInFront(_ text: String, to width: Int) -> String {
        guard of(text) > width else { return text }
        guard width > 0 else { return "" }
        return "…" + String(beginning(of: String(text.reversed()), width - 1, least: 0).reversed())
    }

    /// The text in lines of at most `width`, broken at spaces where there are any.
    static func wrapped(_ text: String, to width: Int) -> [String] {
        guard width > 0, of(text) > width else { return [text] }
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            var rest = String(word)
            if !line.isEmpty, of(line) + 1 + of(rest) <= width {
                line += " " + rest
                continue
            }
            if !line.isEmpty { lines.append(line) }
            while of(rest) > width {
                let part = beginning(of: rest, width, least: 1)
                lines.append(part)
                rest = String(rest.dropFirst(part.count))
            }
            line = rest
        }
        return line.isEmpty ? lines : lines + [line]
    }

    /// As many characters as fit, but no fewer than `least`.
    private static func beginning(of text: String, _ width: Int, least: Int) -> String {
        var result = ""
        var used = 0
        for (index, character) in text.enumerated() {
            used += of(character)
            guard used <= width || index < least else { break }
            result.append(character)
        }
        return result
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return scalar.value == 0xAD ? 0 : 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation { return 2 }
        return isWide(scalar.value) ? 2 : 1
    }

    /// Unicode's East_Asian_Width W and F, in blocks.
    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
            0x16FE0...0x18CFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
