import CausewayCore

/// Finding the next row after one that has no proper end.
extension CSVScanner {
    /// The first line end at or after `start` and before `end`.
    ///
    /// - Returns: nil when there is none; `next` is nil when more text is needed to tell CR from CRLF.
    private func lineEnd(from start: Int, before end: Int, final: Bool) -> (start: Int, next: Int?)? {
        let found = text.withUnsafeBytes { text in
            text.baseAddress.flatMap { Byte.firstLineEnd($0, from: start, to: end) }
        }
        guard let at = found else { return nil }
        guard text[at] == Byte.carriageReturn else { return (at, at + 1) }
        guard at + 1 < text.count else { return (at, final ? at + 1 : nil) }
        return (at, text[at + 1] == Byte.lineFeed ? at + 2 : at + 1)
    }

    /// Text follows a closing quote: decides where the row ends.
    mutating func resolveJunk(final: Bool) -> Event {
        let fault = Fault(
            reason: .textAfterQuote, column: fields + 1,
            message: "Text follows the closing quote of column \(fields + 1); quotes inside a quoted value are doubled."
        )
        guard let opening = lineEnd(from: quoteOpen, before: position - 1, final: final), let next = opening.next else {
            discard(fault, lines: rowLines)
            return .goOn
        }
        let cap = min(rowStart + limits.rowBytes, text.count)
        var end = lineEnd(from: next, before: cap, final: true)?.start
        if end == nil, cap == text.count, cap < rowStart + limits.rowBytes {
            guard final else { return .needsText }
            end = cap
        }
        guard let end, isCleanRow(next..<end) else {
            discard(fault, lines: rowLines)
            return .goOn
        }
        reject(unclosed, end: opening.start, next: next, lines: lineEnds(in: rowStart..<opening.start) + 1)
        return .goOn
    }

    /// The row in progress is too long, or the text ended inside its quotes.
    mutating func endUnfinishedRow(final: Bool) -> Event {
        guard state == .quoted else {
            let fault = Fault(
                reason: .rowTooLong, column: 0,
                message: "The row is longer than \(limits.rowBytes) bytes, the most that is taken.")
            discard(fault, lines: rowLines)
            return .goOn
        }
        let cap = min(rowStart + limits.rowBytes, text.count)
        guard let opening = lineEnd(from: quoteOpen, before: cap, final: final) else {
            discard(unclosed, lines: rowLines)
            return .goOn
        }
        guard let next = opening.next else { return .needsText }
        reject(unclosed, end: opening.start, next: next, lines: lineEnds(in: rowStart..<opening.start) + 1)
        return .goOn
    }

    private var unclosed: Fault {
        Fault(
            reason: .unclosedQuote, column: fields + 1,
            message: "The quote that opens column \(fields + 1) is not closed; reading went on with the next line.")
    }

    private mutating func discard(_ fault: Fault, lines: Int64) {
        state = .discarding
        discarded = Discarded(fault: fault, lines: lines)
    }

    /// Whether the text goes on with a line that is no row: a comment, or one before the header.
    var isAtOtherLine: Bool {
        guard state == .plain, position == rowStart, position < text.count else { return false }
        return linesToSkip > 0 || (dialect.comment != nil && text[position] == dialect.comment)
    }

    mutating func discardLine() {
        if linesToSkip > 0 { linesToSkip -= 1 }
        state = .discarding
        discarded = Discarded(fault: nil)
    }

    /// Drops the text of a rejected row, or of a line that is none, up to its line end.
    mutating func discard(final: Bool) -> Event {
        guard var row = discarded else { return .goOn }
        discarded = nil
        let found = lineEnd(from: position, before: text.count, final: final)
        let end = found?.start ?? text.count
        if row.length == 0, let found, let next = found.next {
            // All of it is here.
            position = next
            if let fault = row.fault {
                reject(fault, end: found.start, next: next, lines: row.lines + 1)
            } else {
                passContent(to: next)
                beginRow(at: next, lines: 1)
            }
            return .goOn
        }
        absorb(upTo: end, into: &row)
        let isOver = found.map { $0.next != nil } ?? final
        guard isOver else {
            discarded = row
            return .needsText
        }
        if let fault = row.fault { add(fault, raw: row.raw, isWhole: row.length == Int64(row.raw.count)) }
        contentOffset += row.contentLength
        let next = found.flatMap(\.next).map { $0 - end + rowStart } ?? rowStart
        passContent(to: next)
        beginRow(at: next, lines: row.lines + 1)
        return .goOn
    }

    private mutating func absorb(upTo end: Int, into row: inout Discarded) {
        let part = rowStart..<end
        row.raw += text[part].prefix(RejectedRow.maximumRawBytes - row.raw.count)
        row.length += Int64(part.count)
        row.contentLength += text.withUnsafeBytes { text in
            Int64(text.baseAddress.map { encoding.contentLength($0, from: part.lowerBound, to: part.upperBound) } ?? 0)
        }
        text.removeSubrange(part)
        position = rowStart
        skip = rowStart
        nonASCIIEnd = text.count
    }

    private func lineEnds(in range: Range<Int>) -> Int64 {
        var count: Int64 = 0
        var previous: UInt8 = 0
        for byte in text[range] {
            if byte == Byte.carriageReturn || (byte == Byte.lineFeed && previous != Byte.carriageReturn) { count += 1 }
            previous = byte
        }
        return count
    }

    /// Whether one line is a row by itself beyond doubt: as many values as the header, two or more, with quotes only
    /// around whole values.
    private func isCleanRow(_ line: Range<Int>) -> Bool {
        guard columns > 1 else { return false }
        var values = 1
        var at = line.lowerBound
        while at < line.upperBound {
            if let quote = dialect.quote, text[at] == quote {
                guard let close = closingQuote(from: at + 1, before: line.upperBound, quote) else { return false }
                at = close + 1
                guard at < line.upperBound else { break }
                guard text[at] == dialect.delimiter else { return false }
            } else {
                let end = text[at..<line.upperBound].firstIndex { $0 == dialect.delimiter || $0 == dialect.quote }
                guard let end else { break }
                guard text[end] == dialect.delimiter else { return false }
                at = end
            }
            values += 1
            at += 1
        }
        return values == columns
    }

    private func closingQuote(from start: Int, before end: Int, _ quote: UInt8) -> Int? {
        let escape = dialect.escape ?? quote
        var at = start
        while at < end {
            if text[at] == escape, at + 1 < end, text[at + 1] == quote || text[at + 1] == escape {
                at += 1
            } else if text[at] == quote {
                return at
            }
            at += 1
        }
        return nil
    }
}
