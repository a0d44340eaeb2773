extension JSONValue {
    /// How a document is laid out.
    enum Layout {
        /// Two spaces a level, for one document.
        case indented
        /// No white space, for one item a line.
        case compact
    }

    /// The value as RFC 8259 text with sorted members and without a final newline.
    func written(_ layout: Layout) -> String {
        var text = ""
        write(to: &text, layout, depth: 0)
        return text
    }

    private func write(to text: inout String, _ layout: Layout, depth: Int) {
        switch self {
        case .null: text += "null"
        case .boolean(let flag): text += flag ? "true" : "false"
        case .integer(let number): text += String(number)
        case .double(let number): text += number.isFinite ? String(describing: number) : "null"
        case .string(let string): Self.quote(string, to: &text)
        case .array(let values):
            Self.write(values, "[", "]", to: &text, layout, depth) { value, text in
                value.write(to: &text, layout, depth: depth + 1)
            }
        case .object(let members):
            Self.write(members.sorted { $0.key < $1.key }, "{", "}", to: &text, layout, depth) { member, text in
                Self.quote(member.key, to: &text)
                text += layout == .indented ? ": " : ":"
                member.value.write(to: &text, layout, depth: depth + 1)
            }
        }
    }

    private static func write<Item>(
        _ items: [Item], _ open: String, _ close: String, to text: inout String, _ layout: Layout, _ depth: Int,
        _ writeItem: (Item, inout String) -> Void
    ) {
        text += open
        for (index, item) in items.enumerated() {
            if index > 0 { text += "," }
            if layout == .indented { text += "\n" + String(repeating: "  ", count: depth + 1) }
            writeItem(item, &text)
        }
        if layout == .indented, !items.isEmpty { text += "\n" + String(repeating: "  ", count: depth) }
        text += close
    }

    /// Escapes what JSON demands, and also DEL, C1, line separators and bidi controls, so that a document is harmless
    /// on a terminal.
    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.isUnsafeOnTerminal:
                let unit = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: max(0, 4 - unit.utf8.count)) + unit
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
