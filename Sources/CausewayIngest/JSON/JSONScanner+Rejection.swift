import CausewayStore

/// Rows that need a closer look: those with escapes, and those that are rejected.
extension JSONScanner {
    /// What is wrong with a row.
    struct Fault {
        var reason: RejectedRow.Reason
        /// Its byte, from 1; 0: the whole row.
        var at: Int
        var message: String
    }

    /// A rejected row whose end is still to come; its text is dropped as it arrives.
    struct Discarded {
        var fault: Fault
        var line: Int64
        var raw: [UInt8] = []
        /// Bytes of the text.
        var length = 0
        var depth = 0
        var isString = false
        var isEscaped = false
    }

    var tooLong: Fault {
        Fault(
            reason: .rowTooLong, at: 0,
            message: "The row is longer than \(limits.rowBytes) bytes, the most that is taken.")
    }

    /// Moves on to `next`: what lies before it was dealt with. While the text is as it came.
    mutating func pass(to next: Int, lines passed: Int64) {
        if encoding == .utf8 {
            contentOffset &+= Int64(next &- rowStart)
        } else {
            contentOffset += text.withUnsafeBytes { text in
                Int64(text.baseAddress.map { encoding.contentLength($0, from: rowStart, to: next) } ?? 0)
            }
        }
        lines &+= passed
        rowStart = next
    }

    /// A row ended at `rowStart`.
    mutating func settleDone() {
        doneOffset = contentOffset
        doneLines = lines
    }

    // MARK: Values

    /// What is wrong with an object that was read; makes its cells null that are null tokens.
    mutating func fault(_ cursor: JSONCursor, _ row: JSONCursor.Row, from start: Int) -> Fault? {
        if cursor.flaw != .none { return Fault(flaw: cursor, from: start, encoding, limits) }
        if row.isEmpty { return Fault(reason: .noFields, at: 0, message: "The object has no field.") }
        let base = rowsTaken * stride
        if !nullTokens.isEmpty {
            for index in base..<base + stride
            where cells[packed: index] != JSONCursor.nullCell && isNull(cells[packed: index]) {
                cells[packed: index] = JSONCursor.nullCell
            }
        }
        let isEmpty = fields.keyColumns.contains { column in
            cells[packed: base + column] == JSONCursor.nullCell
                || cells[packed: base + column] & JSONCursor.CellMarks.length == 0
        }
        guard isEmpty || !fields.isKeyKnown else { return nil }
        return Fault(reason: .emptyPrimaryKey, at: 0, message: "A field of the primary key is missing or empty.")
    }

    private func isNull(_ cell: UInt64) -> Bool {
        let start = Int(cell >> 32)
        var value = Array(text[start..<start + Int(cell & JSONCursor.CellMarks.length)])
        if cell & JSONCursor.CellMarks.escapes != 0 {
            let length = value.withUnsafeMutableBytes { value in
                value.baseAddress.map { JSONText.unescape($0, 0, value.count) } ?? 0
            }
            value.removeSubrange(length...)
        }
        return nullTokens.contains(value)
    }

    /// Unescapes the strings of the row that is being taken and makes its arrays compact.
    mutating func mend() {
        let base = rowsTaken * stride
        let marks = JSONCursor.CellMarks.escapes | JSONCursor.CellMarks.spaces
        for index in base..<base + stride
        where cells[packed: index] != JSONCursor.nullCell && cells[packed: index] & marks != 0 {
            let cell = cells[packed: index]
            let start = Int(cell >> 32)
            let length = Int(cell & JSONCursor.CellMarks.length)
            let mended = text.withUnsafeMutableBytes { text -> Int in
                guard let text = text.baseAddress else { return 0 }
                return cell & JSONCursor.CellMarks.escapes != 0
                    ? JSONText.unescape(text, start, length) : JSONText.compact(text, start, length)
            }
            cells[packed: index] = UInt64(start) << 32 | UInt64(mended)
        }
    }

    // MARK: Rejected rows

    /// Rejects the text `start..<end` as a row.
    mutating func reject(_ fault: Fault, from start: Int, to end: Int, isWhole: Bool) {
        let kept = min(end - start, RejectedRow.maximumRawBytes)
        add(fault, line: lines + 1, raw: Array(text[start..<start + kept]), isWhole: isWhole && kept == end - start)
    }

    private mutating func add(_ fault: Fault, line: Int64, raw: [UInt8], isWhole: Bool) {
        sourceRow += 1
        let bytes = encoding.encode(raw)
        let kept = bytes.count > RejectedRow.maximumRawBytes ? Array(bytes.prefix(RejectedRow.maximumRawBytes)) : bytes
        rejected.append(
            RejectedRow(
                reason: fault.reason, message: fault.message, line: line, column: fault.at, sourceRow: sourceRow,
                raw: kept, truncated: !isWhole || kept.count < bytes.count))
        rejectedBytes += kept.count
    }

    // MARK: Discarded rows

    mutating func beginDiscarding(_ fault: Fault, from start: Int) {
        discarded = Discarded(fault: fault, line: lines + 1)
    }

    /// Drops text up to the end of the row that is being discarded.
    mutating func discard(final: Bool) -> Event {
        guard var row = discarded.take() else { return .goOn }
        let (end, isEnded) = kind == .jsonLines ? lineEnd() : elementEnd(&row)
        let room = RejectedRow.maximumRawBytes - row.raw.count
        if room > 0 { row.raw += text[rowStart..<min(end, rowStart + room)] }
        row.length += end - rowStart
        pass(to: end, lines: lineFeeds(rowStart, end))
        guard isEnded || final else {
            discarded = row
            return .needsText
        }
        if kind == .jsonLines {
            if row.raw.count == row.length, row.raw.last == Byte.carriageReturn {
                row.raw.removeLast()
                row.length -= 1
            }
            // The line end itself.
            if isEnded { pass(to: end + 1, lines: 1) }
        } else if kind == .jsonArray {
            place = .separator
        }
        add(row.fault, line: row.line, raw: row.raw, isWhole: row.raw.count == row.length)
        searched = rowStart
        retryAt = 0
        settleDone()
        return .goOn
    }

    private func lineEnd() -> (end: Int, isEnded: Bool) {
        guard let end = text[rowStart...].firstIndex(of: Byte.lineFeed) else { return (text.count, false) }
        return (end, true)
    }

    /// Where the brackets are closed that are open; what is between them is not checked.
    private func elementEnd(_ row: inout Discarded) -> (end: Int, isEnded: Bool) {
        text.withUnsafeBytes { text in
            for at in rowStart..<text.count {
                let byte = text[at]
                if row.isString {
                    if row.isEscaped {
                        row.isEscaped = false
                    } else if byte == JSONByte.backslash {
                        row.isEscaped = true
                    } else if byte == JSONByte.quote {
                        row.isString = false
                        if row.depth == 0 { return (at + 1, true) }
                    }
                    continue
                }
                switch byte {
                case JSONByte.quote: row.isString = true
                case JSONByte.openBrace, JSONByte.openBracket: row.depth += 1
                case JSONByte.closeBrace, JSONByte.closeBracket:
                    // A number, before the end of the array.
                    if row.depth == 0 { return (at, true) }
                    row.depth -= 1
                    if row.depth == 0 { return (at + 1, true) }
                case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
                    if row.depth == 0 { return (at, true) }
                default: break
                }
            }
            return (text.count, false)
        }
    }
}

extension JSONScanner.Fault {
    /// Of text that is not JSON.
    init(_ cursor: JSONCursor, from start: Int) {
        let place = cursor.at - start + 1
        let why =
            switch cursor.fault {
            case .none, .needsText, .endOfText: "it ends too early"
            case .value: "a value is missing"
            case .name: "a name in quotes is missing"
            case .colon: "a colon is missing"
            case .comma: "a comma or a closing bracket is missing"
            case .number: "a number is not written as JSON wants it"
            case .escape: "a backslash is followed by what is no escape"
            case .control: "a text holds a control character"
            case .literal: "a word is none of true, false and null"
            case .trailing: "something follows behind the value"
            case .tooDeep: "it is nested too deeply"
            }
        self.init(reason: .invalidJSON, at: place, message: "At byte \(place) \(why).")
    }

    /// Of an object that is JSON and cannot be taken.
    init(flaw cursor: JSONCursor, from start: Int, _ encoding: TextEncoding, _ limits: JSONScanner.Limits) {
        let place = cursor.flawAt - start + 1
        let isUTF16 = encoding == .utf16LittleEndian || encoding == .utf16BigEndian
        switch cursor.flaw {
        case .none, .invalidUTF8:
            self.init(
                reason: isUTF16 ? .invalidUTF16 : .invalidUTF8, at: place,
                message: "Byte \(place) is not valid \(isUTF16 ? "UTF-16" : "UTF-8"); if the file has another "
                    + "encoding, set the entity's encoding.")
        case .loneSurrogate:
            self.init(
                reason: .invalidUTF16, at: place, message: "The escape at byte \(place) is half a surrogate pair.")
        case .nul:
            self.init(reason: .nulByte, at: place, message: "The escape at byte \(place) stands for NUL.")
        case .tooManyFields:
            self.init(
                reason: .tooManyFields, at: place,
                message: "The file would have more than \(limits.columns) fields.")
        case .labelTooLong:
            self.init(
                reason: .labelTooLong, at: place,
                message: "The field at byte \(place) has a name of more than \(JSONFields.maximumLabel) bytes.")
        }
    }
}
