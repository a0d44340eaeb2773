/// Tells JSON from delimited text, and its forms from each other.
enum JSONDetection {
    /// The form of a file that begins with `sample`.
    ///
    /// JSON begins with a bracket and what may follow that, so that a header such as "[id],[name]" is none. Objects are
    /// a line each, unless the first one goes on behind its line.
    ///
    /// - Parameter isWhole: the sample is all of the text.
    static func kind(_ sample: ArraySlice<UInt8>, isWhole: Bool, option: FileFormatOptions.FormatOption?) -> FileKind {
        switch option {
        case .csv: return .csv
        case .jsonLines: return .jsonLines
        case .json: return sample.first { !JSONByte.isSpace($0) } == JSONByte.openBrace ? .jsonObjects : .jsonArray
        case nil: break
        }
        guard let start = sample.firstIndex(where: { !JSONByte.isSpace($0) }) else { return .csv }
        let next = sample[(start + 1)...].first { !JSONByte.isSpace($0) } ?? 0
        switch sample[start] {
        case JSONByte.openBracket:
            let begins = "{[]\"-0123456789".utf8.contains(next) || beginsWord(sample[(start + 1)...])
            return begins ? .jsonArray : .csv
        case JSONByte.openBrace where next == JSONByte.quote || next == JSONByte.closeBrace:
            return goesOnBehindLine(sample[start...]) ? .jsonObjects : .jsonLines
        default: return .csv
        }
    }

    private static func beginsWord(_ text: ArraySlice<UInt8>) -> Bool {
        let text = text.drop(while: JSONByte.isSpace)
        return ["true", "false", "null"].contains { text.starts(with: $0.utf8) }
    }

    /// Whether a line ends inside the first object, which is right so far.
    private static func goesOnBehindLine(_ text: ArraySlice<UInt8>) -> Bool {
        guard let lineEnd = text.firstIndex(of: Byte.lineFeed) else { return false }
        return text[..<lineEnd].withUnsafeBytes { line in
            guard let start = line.baseAddress else { return false }
            var cursor = JSONCursor(start, from: 0, limit: line.count, readable: line.count, isWhole: false)
            guard !cursor.skipValue(depth: 0), cursor.fault == .needsText else { return false }
            // A line that ends inside a text is a broken one.
            return !isInsideText(line)
        }
    }

    private static func isInsideText(_ line: UnsafeRawBufferPointer) -> Bool {
        var isText = false
        var isEscaped = false
        for byte in line {
            if isEscaped {
                isEscaped = false
            } else if byte == JSONByte.backslash {
                isEscaped = isText
            } else if byte == JSONByte.quote {
                isText.toggle()
            }
        }
        return isText
    }
}
