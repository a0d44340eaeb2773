@testable import CausewayIngest

/// The rules of ``CSVScanner`` once more, plainly, for a whole text in UTF-8 with comma, double quote and a header.
struct ReferenceParser {
    struct Row: Equatable {
        var values: [String?] = []
        var reason: RejectedRow.Reason?
        var line: Int64
        var raw: [UInt8]
    }

    private enum Cut {
        /// Values of a row, where it ends, where the next one begins, whether it is blank.
        case row([[UInt8]], end: Int, next: Int)
        case junk(open: Int)
        case unclosed(open: Int)
        case tooLong
    }

    let bytes: [UInt8]
    let longest: Int
    let keyColumns: [Int]
    var escape = UInt8(ascii: "\"")
    var comment: UInt8?
    var raggedRows = FileFormatOptions.RaggedOption.quarantine

    func rows() -> [Row] {
        var rows: [Row] = []
        var at = 0
        var columns: Int?
        while at < bytes.count {
            if let next = lineEnd(at) {
                at = next
                continue
            }
            if bytes[at] == comment {
                at = firstLineEnd(from: at).next
                continue
            }
            let line = linesBefore(at) + 1
            func add(_ values: [[UInt8]], _ reason: RejectedRow.Reason?, _ end: Int) {
                rows.append(
                    Row(
                        values: values.map { $0.isEmpty ? nil : String(decoding: $0, as: UTF8.self) }, reason: reason,
                        line: line, raw: Array(bytes[at..<end])))
            }
            switch cut(at) {
            case .row(var values, let end, let next):
                if let columns, values.count < columns, raggedRows != .quarantine {
                    values += Array(repeating: [], count: columns - values.count)
                }
                if let columns, values.count > columns, raggedRows == .truncate { values = Array(values[..<columns]) }
                guard let columns else {
                    columns = values.count
                    at = next
                    continue
                }
                let text = bytes[at..<end]
                if text.contains(0) {
                    add([], .nulByte, end)
                } else if String(validating: text, as: UTF8.self) == nil {
                    add([], .invalidUTF8, end)
                } else if values.count != columns {
                    add([], values.count < columns ? .tooFewFields : .tooManyFields, end)
                } else if keyColumns.contains(where: { values[$0].isEmpty }) {
                    add([], .emptyPrimaryKey, end)
                } else {
                    add(values, nil, end)
                }
                at = next
            case .junk(let open):
                let first = firstLineEnd(from: open)
                let second = firstLineEnd(from: first.next)
                if first.end < junkPlace(open), second.end < at + longest,
                    isClean(first.next..<second.end, columns ?? 0)
                {
                    add([], .unclosedQuote, first.end)
                    at = first.next
                } else {
                    let last = firstLineEnd(from: junkPlace(open))
                    add([], .textAfterQuote, last.end)
                    at = last.next
                }
            case .unclosed(let open):
                let first = firstLineEnd(from: open)
                add([], .unclosedQuote, first.end)
                at = first.next
            case .tooLong:
                let last = firstLineEnd(from: min(at + longest, bytes.count))
                add([], .rowTooLong, last.end)
                at = last.next
            }
        }
        return rows
    }

    private func cut(_ start: Int) -> Cut {
        var values: [[UInt8]] = []
        var at = start
        while true {
            var value: [UInt8] = []
            if at >= start + longest { return .tooLong }
            if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
                let open = at
                at += 1
                while true {
                    if at >= start + longest || at >= bytes.count { return .unclosed(open: open) }
                    if isEscape(at) {
                        at += 1
                    } else if bytes[at] == UInt8(ascii: "\"") {
                        break
                    }
                    value.append(bytes[at])
                    at += 1
                }
                at += 1
                if at < bytes.count, bytes[at] != UInt8(ascii: ","), lineEnd(at) == nil { return .junk(open: open) }
            } else {
                while at < bytes.count, bytes[at] != UInt8(ascii: ","), lineEnd(at) == nil {
                    value.append(bytes[at])
                    at += 1
                }
            }
            if at >= start + longest { return .tooLong }
            values.append(value)
            if at == bytes.count { return .row(values, end: at, next: at) }
            if let next = lineEnd(at) { return .row(values, end: at, next: next) }
            at += 1
        }
    }

    /// Whether the byte makes text of the one behind it.
    private func isEscape(_ at: Int) -> Bool {
        guard bytes[at] == escape, at + 1 < bytes.count else { return false }
        return bytes[at + 1] == UInt8(ascii: "\"") || bytes[at + 1] == escape
    }

    /// Where the text after the closing quote begins.
    private func junkPlace(_ open: Int) -> Int {
        var at = open + 1
        while isEscape(at) || bytes[at] != UInt8(ascii: "\"") { at += isEscape(at) ? 2 : 1 }
        return at + 1
    }

    /// As many values as the header, two or more, none of which holds a quote that was not quoted.
    private func isClean(_ line: Range<Int>, _ columns: Int) -> Bool {
        var parser = ReferenceParser(bytes: Array(bytes[line]), longest: .max / 2, keyColumns: [])
        parser.escape = escape
        guard columns > 1, !line.isEmpty, case .row(let values, let end, _) = parser.cut(0) else { return false }
        guard end == parser.bytes.count, values.count == columns else { return false }
        var at = 0
        while at < end {
            if parser.bytes[at] == UInt8(ascii: "\"") {
                at = parser.junkPlace(at)
            } else {
                while at < end, parser.bytes[at] != UInt8(ascii: ",") {
                    if parser.bytes[at] == UInt8(ascii: "\"") { return false }
                    at += 1
                }
            }
            at += 1
        }
        return true
    }

    /// The first byte behind the line end at `at`.
    private func lineEnd(_ at: Int) -> Int? {
        if bytes[at] == 10 { return at + 1 }
        guard bytes[at] == 13 else { return nil }
        return at + 1 < bytes.count && bytes[at + 1] == 10 ? at + 2 : at + 1
    }

    private func firstLineEnd(from start: Int) -> (end: Int, next: Int) {
        for at in start..<max(start, bytes.count) { if let next = lineEnd(at) { return (at, next) } }
        return (bytes.count, bytes.count)
    }

    private func linesBefore(_ end: Int) -> Int64 {
        var at = 0
        var lines: Int64 = 0
        while at < end {
            if let next = lineEnd(at) {
                lines += 1
                at = next
            } else {
                at += 1
            }
        }
        return lines
    }
}
