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

    func rows() -> [Row] {
        var rows: [Row] = []
        var at = 0
        var columns: Int?
        while at < bytes.count {
            if let next = lineEnd(at) {
                at = next
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
            case .row(let values, let end, let next):
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
                    if bytes[at] == UInt8(ascii: "\"") {
                        guard at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "\"") else { break }
                        at += 1
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

    /// Where the text after the closing quote begins.
    private func junkPlace(_ open: Int) -> Int {
        var at = open + 1
        while bytes[at] != UInt8(ascii: "\"") || bytes[at + 1] == UInt8(ascii: "\"") {
            at += bytes[at] == UInt8(ascii: "\"") ? 2 : 1
        }
        return at + 1
    }

    private func isClean(_ line: Range<Int>, _ columns: Int) -> Bool {
        let parser = ReferenceParser(bytes: Array(bytes[line]), longest: .max / 2, keyColumns: [])
        guard columns > 1, !line.isEmpty, case .row(let values, let end, _) = parser.cut(0) else { return false }
        var written: [UInt8] = []
        var options: [[UInt8]] = [written]
        for (index, value) in values.enumerated() {
            written = Array(value.flatMap { $0 == UInt8(ascii: "\"") ? [$0, $0] : [$0] })
            let plain = value.contains(UInt8(ascii: "\"")) ? nil : value
            let quoted = [UInt8(ascii: "\"")] + written + [UInt8(ascii: "\"")]
            options = options.flatMap { start -> [[UInt8]] in
                let start = index > 0 ? start + [UInt8(ascii: ",")] : start
                return [start + quoted] + (plain.map { [start + $0] } ?? [])
            }.filter { parser.bytes.starts(with: $0) }
        }
        return end == parser.bytes.count && values.count == columns && options.contains(parser.bytes)
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
