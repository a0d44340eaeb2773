/// How a text is written in a format.
struct TextFormat: Sendable {
    let format: ExportFormat

    init(_ format: ExportFormat) { self.format = format }

    /// Whether some value of a column cannot be written as it is.
    func needsCare(_ column: SegmentColumnView) -> Bool {
        // Numbers and times are never empty and have none of the bytes in question.
        guard column.style == nil else { return false }
        let size = Int(column.offsets[column.entryCount])
        return hasSpecial(column.text, size) || column.hasEmptyEntry
    }

    /// A column with its values as they are written.
    ///
    /// - Parameters:
    ///   - prefix: stands before each.
    ///   - nulls: whether null is written as a word; otherwise it stays null.
    func written(_ column: SegmentColumnView, after prefix: [UInt8] = [], nulls: Bool = false) -> SegmentColumnView {
        let hasNullEntry = nulls && column.nullCount > 0
        let entries = column.entryCount
        let view = SegmentColumnView(
            rowCount: column.rowCount, entryCount: entries + (hasNullEntry ? 1 : 0), isDictionary: column.isDictionary)
        var sink = ByteSink(capacity: Int(column.offsets[entries]) + entries * (prefix.count + 4) + 16)
        let isClean = column.style != nil || !hasSpecial(column.text, Int(column.offsets[entries]))
        for entry in 0..<entries {
            view.offsets[entry] = UInt32(truncatingIfNeeded: sink.count)
            // The entry of a slot that is null is not written.
            guard column.counts[entry] > 0 else { continue }
            sink.append(prefix)
            let bytes = column.bytes(of: entry).assumingMemoryBound(to: UInt8.self)
            append(bytes, isClean: isClean, to: &sink)
        }
        if hasNullEntry {
            view.offsets[entries] = UInt32(truncatingIfNeeded: sink.count)
            sink.append(prefix)
            sink.append(Array("null".utf8))
        }
        view.offsets[view.entryCount] = UInt32(truncatingIfNeeded: sink.count)
        view.allocateText(sink.count)
        view.text.update(from: sink.base, count: sink.count)
        view.counts.update(from: column.counts, count: entries)
        if hasNullEntry { view.counts[entries] = UInt16(truncatingIfNeeded: column.nullCount) }
        for slot in 0..<column.rowCount {
            let code = column.codes[slot]
            let isWord = code == SegmentColumnView.null && hasNullEntry
            view.codes[slot] = isWord ? UInt16(truncatingIfNeeded: entries) : code
        }
        return view
    }

    func written(_ text: [UInt8]) -> [UInt8] {
        var sink = ByteSink(capacity: text.count + 16)
        text.withUnsafeBufferPointer { append($0, isClean: false, to: &sink) }
        return sink.bytes
    }

    private func append(_ text: UnsafeBufferPointer<UInt8>, isClean: Bool, to out: inout ByteSink) {
        switch format {
        case .csv:
            // Quotes where RFC 4180 wants it, and an empty text.
            guard !text.isEmpty, isClean || !text.contains(where: Self.isSpecialCSV) else {
                Self.appendQuoted(text, to: &out)
                return
            }
            Self.appendRaw(text, to: &out)
        case .jsonLines:
            out.append(Self.quote)
            if isClean { Self.appendRaw(text, to: &out) } else { Self.appendEscaped(text, to: &out) }
            out.append(Self.quote)
        }
    }

    private static let quote = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")
    private static let digits = Array("0123456789abcdef".utf8)

    private static func appendRaw(_ text: UnsafeBufferPointer<UInt8>, to out: inout ByteSink) {
        if let base = text.baseAddress { out.append(base, text.count) }
    }

    private static func appendQuoted(_ text: UnsafeBufferPointer<UInt8>, to out: inout ByteSink) {
        let target = out.room(2 * text.count + 2)
        target[0] = quote
        var at = 1
        for byte in text {
            target[at] = byte
            at &+= 1
            if byte == quote {
                target[at] = quote
                at &+= 1
            }
        }
        target[at] = quote
        out.advance(at + 1)
    }

    private static func appendEscaped(_ text: UnsafeBufferPointer<UInt8>, to out: inout ByteSink) {
        for byte in text {
            switch byte {
            case quote, backslash:
                out.append(backslash)
                out.append(byte)
            case UInt8(ascii: "\n"):
                out.append(backslash)
                out.append(UInt8(ascii: "n"))
            case UInt8(ascii: "\r"):
                out.append(backslash)
                out.append(UInt8(ascii: "r"))
            case UInt8(ascii: "\t"):
                out.append(backslash)
                out.append(UInt8(ascii: "t"))
            case ..<0x20:
                out.append(Array("\\u00".utf8))
                out.append(digits[Int(byte >> 4)])
                out.append(digits[Int(byte & 15)])
            default: out.append(byte)
            }
        }
    }

    @inline(__always)
    private static func isSpecialCSV(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
            || byte == UInt8(ascii: "\r")
    }

    /// Whether one of `count` bytes cannot be written as it is.
    private func hasSpecial(_ text: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        switch format {
        case .csv: Self.contains(text, count) { Self.isSpecialCSV($0) }
        case .jsonLines:
            Self.contains(text, count) {
                $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") || $0 < 0x20
            }
        }
    }

    /// Looks at blocks without a branch in them, which the compiler turns into vectors.
    @inline(__always)
    private static func contains(
        _ text: UnsafePointer<UInt8>, _ count: Int, _ isWanted: (UInt8) -> Bool
    ) -> Bool {
        let block = 256
        var at = 0
        while at &+ block <= count {
            var found: UInt8 = 0
            for index in at..<at &+ block { found |= isWanted(text[index]) ? 1 : 0 }
            if found != 0 { return true }
            at &+= block
        }
        while at < count {
            if isWanted(text[at]) { return true }
            at &+= 1
        }
        return false
    }
}

extension SegmentColumnView {
    /// A column of nothing but null.
    convenience init(nulls rowCount: Int) {
        self.init(rowCount: rowCount, entryCount: 0, isDictionary: true)
        codes.update(repeating: Self.null, count: rowCount)
        nullCount = rowCount
    }

    /// Whether some value is an empty text.
    var hasEmptyEntry: Bool {
        for entry in 0..<entryCount where offsets[entry] == offsets[entry &+ 1] && counts[entry] > 0 { return true }
        return false
    }

    /// Bytes of the longest entry.
    var longestEntry: Int {
        var longest: UInt32 = 0
        for entry in 0..<entryCount { longest = max(longest, offsets[entry &+ 1] &- offsets[entry]) }
        return Int(longest)
    }
}
