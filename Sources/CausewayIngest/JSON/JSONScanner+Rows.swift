import CausewayCore
import CausewayStore
import Glibc

/// The loops over rows.
extension JSONScanner {
    /// How far a row got.
    private enum Outcome {
        /// With these marks among its cells.
        case taken(UInt64)
        case rejected(Fault)
        case wide
        case needsText
        /// It cannot be a row; its end is to be looked for.
        case discarded(Fault)
    }

    // MARK: Lines

    mutating func scanLines(final: Bool) -> Event {
        for _ in 0..<Self.chunkRows {
            let limit = text.count
            let found = text.withUnsafeBytes { text -> Int? in
                guard let start = text.baseAddress, searched < limit,
                    let at = memchr(start + searched, Int32(Byte.lineFeed), limit - searched)
                else { return nil }
                return UnsafeRawPointer(at) - start
            }
            let end = found ?? limit
            guard end - rowStart <= limits.rowBytes else {
                beginDiscarding(tooLong, from: rowStart)
                return .goOn
            }
            searched = end
            if found == nil, !final || rowStart == limit { return .needsText }
            let next = found.map { $0 + 1 } ?? end
            guard let start = firstByte(end) else {
                // A blank line is no row.
                pass(to: next, lines: 1)
                searched = next
                continue
            }
            var at = start
            switch readRow(from: start, end, isWhole: true, isLine: true, &at) {
            case .taken(let marks):
                take(to: next, lines: 1, marks)
            case .rejected(let fault), .discarded(let fault):
                let hasReturn = end > start && text[end - 1] == Byte.carriageReturn
                reject(fault, from: rowStart, to: hasReturn ? end - 1 : end, isWhole: true)
                pass(to: next, lines: 1)
                settleDone()
            case .wide: return .wide
            case .needsText: return .needsText
            }
            searched = next
            if isBatchFull || cells.count < (rowsTaken + 1) * stride { return .goOn }
        }
        return .goOn
    }

    private func firstByte(_ end: Int) -> Int? {
        text.withUnsafeBytes { text in
            var at = rowStart
            while at < end, JSONByte.isSpace(text[at]) { at &+= 1 }
            return at < end ? at : nil
        }
    }

    // MARK: Arrays and objects without lines

    mutating func scanElements(final: Bool) throws(CausewayError) -> Event {
        for _ in 0..<Self.chunkRows {
            passSpace()
            guard rowStart < text.count else {
                guard final, kind == .jsonArray, place != .end else { return .needsText }
                if place == .opening { return .needsText }
                throw Self.brokenFile(
                    "it ends before its array is closed; it was cut or is still being written", at: line)
            }
            let byte = text[rowStart]
            switch place {
            case .opening:
                guard byte == JSONByte.openBracket else { throw Self.brokenFile("it is no array", at: line) }
                place = .first
                pass(to: rowStart + 1, lines: 0)
                continue
            case .first where byte == JSONByte.closeBracket:
                place = .end
                pass(to: rowStart + 1, lines: 0)
                continue
            case .separator:
                guard byte == UInt8(ascii: ",") || byte == JSONByte.closeBracket else {
                    throw Self.brokenFile("a comma or the array's end is missing", at: line)
                }
                place = byte == JSONByte.closeBracket ? .end : .row
                pass(to: rowStart + 1, lines: 0)
                continue
            case .end: throw Self.brokenFile("something follows behind the array's end", at: line)
            case .first where byte == UInt8(ascii: ","),
                .row where byte == UInt8(ascii: ",") || byte == JSONByte.closeBracket:
                throw Self.brokenFile("an object is missing before \"\(Character(Unicode.Scalar(byte)))\"", at: line)
            case .first, .row: break
            }
            guard text.count >= retryAt || final else { return .needsText }
            if let event = try scanElement(final: final) { return event }
            if isBatchFull || cells.count < (rowsTaken + 1) * stride { return .goOn }
        }
        return .goOn
    }

    /// The row that begins at `rowStart`; nil when it was dealt with.
    private mutating func scanElement(final: Bool) throws(CausewayError) -> Event? {
        let start = rowStart
        let end = min(text.count, start + limits.rowBytes)
        var at = start
        switch readRow(from: start, end, isWhole: final && end == text.count, isLine: false, &at) {
        case .taken(let marks):
            take(to: at, lines: lineFeeds(start, at), marks)
        case .rejected(let fault):
            let inside = lineFeeds(start, at)
            let isBroken = fault.reason == .invalidJSON
            reject(fault, from: start, to: at, isWhole: !isBroken)
            if isBroken {
                // Read again from here, it is no place where a row may begin.
                settleDone()
                throw Self.brokenFile("the object that begins here is not valid JSON: \(fault.message)", at: line)
            }
            pass(to: at, lines: inside)
            settleDone()
        case .wide: return .wide
        case .discarded(let fault):
            beginDiscarding(fault, from: start)
            return .goOn
        case .needsText:
            if end < text.count || end - start == limits.rowBytes {
                beginDiscarding(tooLong, from: start)
                return .goOn
            }
            // What has to be read again stays below what there is.
            retryAt = min(end + (end - start), start + limits.rowBytes)
            return .needsText
        }
        if kind == .jsonArray { place = .separator }
        retryAt = 0
        return nil
    }

    private mutating func passSpace() {
        var at = rowStart
        var lineFeeds: Int64 = 0
        text.withUnsafeBytes { text in
            while at < text.count, JSONByte.isSpace(text[at]) {
                if text[at] == Byte.lineFeed { lineFeeds += 1 }
                at &+= 1
            }
        }
        if at > rowStart { pass(to: at, lines: lineFeeds) }
    }

    func lineFeeds(_ start: Int, _ end: Int) -> Int64 {
        text.withUnsafeBytes { text in
            var count: Int64 = 0
            for at in start..<end where text[at] == Byte.lineFeed { count &+= 1 }
            return count
        }
    }

    private var line: Int64 { lines + 1 }

    static func brokenFile(_ why: String, at line: Int64) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "INVALID_JSON_FILE",
            "The file cannot be read further than line \(line): \(why). What comes before was taken.",
            metadata: ["line": String(line), "why": why])
    }

    // MARK: One row

    /// Reads the value `start..<end` into the next row's cells; `at` is then behind it, or behind its first broken byte.
    private mutating func readRow(
        from start: Int, _ end: Int, isWhole: Bool, isLine: Bool, _ at: inout Int
    ) -> Outcome {
        if !isRetry { knownColumns = fields.labels.count }
        isRetry = false
        let base = rowsTaken * stride
        let room = stride
        let (fields, flattens, emptyIsNull) = (fields, flattens, emptyIsNull)
        var row: JSONCursor.Row?
        var isRead = false
        var cells: [RowBatch.Cell] = []
        swap(&cells, &self.cells)
        let cursor: JSONCursor? = text.withUnsafeBytes { text in
            cells.withUnsafeMutablePacked { cells -> JSONCursor? in
                guard let bytes = text.baseAddress else { return nil }
                var cursor = JSONCursor(bytes, from: start, limit: end, readable: text.count, isWhole: isWhole)
                if cursor.byte == JSONByte.openBrace, let first = cells.baseAddress {
                    let rowCells = first + base
                    rowCells.update(repeating: JSONCursor.nullCell, count: room)
                    var record = JSONCursor.Row(
                        cells: rowCells, room: room, flattens: flattens, emptyIsNull: emptyIsNull)
                    isRead = cursor.readRecord(&record, fields)
                    row = record
                } else {
                    isRead = cursor.skipValue(depth: 0)
                }
                if isRead, isLine {
                    cursor.skipSpace()
                    if cursor.at < end { isRead = cursor.fail(.trailing) }
                }
                return cursor
            }
        }
        swap(&cells, &self.cells)
        guard let cursor else { return .needsText }
        at = cursor.at
        guard isRead else {
            fields.truncate(to: knownColumns)
            switch cursor.fault {
            case .needsText: return .needsText
            case .tooDeep:
                return .discarded(
                    Fault(
                        reason: .nestedTooDeeply, at: cursor.at - start + 1,
                        message: "Objects and arrays are nested deeper than \(JSONCursor.maximumDepth) levels."))
            default:
                at = min(cursor.at + 1, end)
                return .rejected(Fault(cursor, from: start))
            }
        }
        let fault: Fault?
        if let row {
            if row.isTooWide, cursor.flaw == .none { return .wide }
            fault = self.fault(cursor, row, from: start)
        } else {
            fault = Fault(reason: .notAnObject, at: 0, message: "The value is no object.")
        }
        if let fault {
            fields.truncate(to: knownColumns)
            return .rejected(fault)
        }
        return .taken(row?.marks ?? 0)
    }

    private mutating func take(to next: Int, lines inside: Int64, _ marks: UInt64) {
        sourceRow &+= 1
        sourceRows.append(sourceRow)
        rowLines.append(lines &+ 1)
        // Before the text is changed, which tells how many bytes of the file it came from.
        pass(to: next, lines: inside)
        settleDone()
        if marks != 0 { mend() }
        rowsTaken &+= 1
    }
}
