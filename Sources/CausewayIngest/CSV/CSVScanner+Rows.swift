import CausewayStore

/// The loop that all bytes go through.
extension CSVScanner {
    /// Takes row after row until one needs a closer look, the batch is full or text is missing.
    mutating func scanRows(final: Bool) -> Event {
        reserveCells()
        // Moved to locals: arrays that are members would be checked and counted at every access.
        var text = [UInt8]()
        var cells = [RowBatch.Cell]()
        swap(&text, &self.text)
        swap(&cells, &self.cells)
        let event = text.withUnsafeMutableBytes { text in
            cells.withUnsafeMutablePacked { cells -> Event in
                guard let bytes = text.baseAddress, let firstCell = cells.baseAddress else { return .needsText }
                return run(bytes, limit: text.count, firstCell, cellCount: cells.count, final: final)
            }
        }
        swap(&text, &self.text)
        swap(&cells, &self.cells)
        return event
    }

    private mutating func reserveCells() {
        let needed = rowsTaken * columns + (columns > 0 ? columns : limits.columns)
        guard cells.count < needed else { return }
        // Small batches get no more than they take: each may be made in new memory.
        let size = max(needed, min(cells.count * 2, limits.batchCells), min(limits.batchRows * columns, 8_192))
        cells.append(contentsOf: repeatElement(.null, count: size - cells.count))
    }

    private mutating func run(
        _ bytes: UnsafeMutableRawPointer, limit: Int,
        _ firstCell: UnsafeMutablePointer<UInt64>, cellCount: Int, final: Bool
    ) -> Event {
        let masks = self.masks
        let delimiter = dialect.delimiter
        let quote = dialect.quote ?? delimiter
        let escape = dialect.escape ?? quote
        // NUL, which begins no row that is taken, where there are no comments.
        let comment = dialect.comment ?? 0
        let keys = keyColumns
        let columns = self.columns
        let encoding = self.encoding
        let fieldRoom = columns > 0 ? columns : limits.columns
        let rowBytes = limits.rowBytes
        let batchText = limits.batchText
        let emptyCell = emptyIsNull ? Self.nullCell : 0
        let newRowFlags: UInt64 = nullTokens.isEmpty && !trimsValues ? 0 : CellFlags.quoted
        let rowRoom = columns > 0 ? min(limits.batchRows, cellCount / columns, max(limits.batchCells / columns, 1)) : 1

        var position = self.position
        var rowStart = self.rowStart
        var fieldStart = self.fieldStart
        var state = self.state
        var quoteOpen = self.quoteOpen
        var valueEnd = self.valueEnd
        var fieldFlags = self.fieldFlags
        var fields = self.fields
        var rowFlags = self.rowFlags | newRowFlags
        var rowLines = self.rowLines
        var skip = self.skip
        var nonASCIIEnd = self.nonASCIIEnd
        // No byte of the row before this one is other than ASCII.
        var nonASCIIStart = 0
        var rowsTaken = self.rowsTaken
        var sourceRow = self.sourceRow
        var lines = self.lines
        var contentOffset = self.contentOffset
        var sourceRows = [Int64]()
        var rowLineNumbers = [Int64]()
        swap(&sourceRows, &self.sourceRows)
        swap(&rowLineNumbers, &self.rowLineNumbers)
        var rowCells = firstCell + rowsTaken &* columns
        defer {
            self.position = position
            self.rowStart = rowStart
            self.fieldStart = fieldStart
            self.state = state
            self.quoteOpen = quoteOpen
            self.valueEnd = valueEnd
            self.fieldFlags = fieldFlags
            self.fields = fields
            self.rowFlags = rowFlags
            self.rowLines = rowLines
            self.skip = skip
            self.nonASCIIEnd = nonASCIIEnd
            self.rowsTaken = rowsTaken
            self.sourceRow = sourceRow
            self.lines = lines
            self.contentOffset = contentOffset
            swap(&sourceRows, &self.sourceRows)
            swap(&rowLineNumbers, &self.rowLineNumbers)
        }
        guard rowsTaken < rowRoom else { return .goOn }

        while true {
            // A row may not reach beyond `cap`, wherever the text was cut.
            let cap = rowStart &+ rowBytes
            let available = min(limit, cap) &- position
            guard available > 0 else {
                if position >= cap { return .unfinished }
                guard final else { return .needsText }
                if state == .quoted { return .unfinished }
                if rowStart >= limit { return .needsText }
                let cell = Self.cell(state, fieldStart, limit, quoteOpen, valueEnd, fieldFlags, emptyCell)
                if fields < fieldRoom { rowCells[fields] = cell }
                if state == .closed { rowFlags |= fieldFlags }
                fields &+= 1
                return .rowEnd(end: limit, next: limit)
            }
            let block = position
            let mask = masks.find(bytes + block, available: available)
            var found = mask.found
            position = block &+ min(available, 64)
            if mask.nonASCII != 0 {
                if nonASCIIEnd <= rowStart { nonASCIIStart = block &+ mask.nonASCII.trailingZeroBitCount }
                nonASCIIEnd = position
            }

            while found != 0 {
                let at = block &+ found.trailingZeroBitCount
                found &= found &- 1
                guard at >= skip else { continue }
                let byte = bytes.load(fromByteOffset: at, as: UInt8.self)

                if state == .plain {
                    if byte == delimiter {
                        let cell = Self.cell(.plain, fieldStart, at, 0, 0, 0, emptyCell)
                        if fields < fieldRoom { rowCells[fields] = cell }
                        fields &+= 1
                        fieldStart = at &+ 1
                        continue
                    }
                    if byte == quote {
                        guard at == fieldStart else { continue }
                        state = .quoted
                        quoteOpen = at
                        fieldFlags = newRowFlags
                        continue
                    }
                } else if state == .quoted {
                    guard byte == quote || byte == escape else {
                        if byte == 0 {
                            rowFlags |= CellFlags.nul
                        } else if byte == Byte.carriageReturn {
                            rowLines &+= 1
                        } else if byte == Byte.lineFeed,
                            bytes.load(fromByteOffset: at &- 1, as: UInt8.self) != Byte.carriageReturn
                        {
                            rowLines &+= 1
                        }
                        continue
                    }
                    guard at &+ 1 < limit else {
                        if !final {
                            position = at
                            return .needsText
                        }
                        guard byte == quote else { continue }
                        valueEnd = at
                        state = .closed
                        continue
                    }
                    let following = bytes.load(fromByteOffset: at &+ 1, as: UInt8.self)
                    if byte == escape, following == quote || following == escape {
                        fieldFlags |= CellFlags.doubledQuotes
                        skip = at &+ 2
                        continue
                    }
                    guard byte == quote else { continue }
                    valueEnd = at
                    guard following == delimiter || Byte.isLineEnd(following) else {
                        state = .junk
                        position = at &+ 1
                        return .goOn
                    }
                    state = .closed
                    continue
                } else if byte == delimiter {
                    let cell = Self.cell(.closed, fieldStart, at, quoteOpen, valueEnd, fieldFlags, emptyCell)
                    if fields < fieldRoom { rowCells[fields] = cell }
                    rowFlags |= fieldFlags
                    state = .plain
                    fields &+= 1
                    fieldStart = at &+ 1
                    continue
                }
                var next = at &+ 1
                if byte == Byte.carriageReturn {
                    if next < limit {
                        if bytes.load(fromByteOffset: next, as: UInt8.self) == Byte.lineFeed { next &+= 1 }
                    } else if !final {
                        position = at
                        return .needsText
                    }
                } else if byte != Byte.lineFeed {
                    if byte == 0 { rowFlags |= CellFlags.nul }
                    continue
                }

                // A line end outside quotes.
                let isBlank = fields == 0 && at == rowStart
                if !isBlank {
                    let cell = Self.cell(state, fieldStart, at, quoteOpen, valueEnd, fieldFlags, emptyCell)
                    if fields < fieldRoom { rowCells[fields] = cell }
                    if state == .closed { rowFlags |= fieldFlags }
                    fields &+= 1
                    state = .plain
                    guard fields == columns, rowFlags == 0,
                        nonASCIIEnd <= rowStart
                            || UTF8Check.firstInvalid(
                                bytes, from: max(rowStart, nonASCIIStart), to: min(at, nonASCIIEnd)) == nil,
                        Self.hasKeys(rowCells, keys)
                    else {
                        position = next
                        return .rowEnd(end: at, next: next)
                    }
                    sourceRow &+= 1
                    sourceRows.append(sourceRow)
                    rowLineNumbers.append(lines &+ 1)
                    rowsTaken &+= 1
                    rowCells += columns
                }
                lines &+= rowLines &+ 1
                contentOffset &+= Int64(encoding.contentLength(bytes, from: rowStart, to: next))
                rowStart = next
                fieldStart = next
                skip = next
                fields = 0
                rowLines = 0
                rowFlags = newRowFlags
                // The block is cut at the old row's cap: what lies behind it is found again.
                if rowsTaken == rowRoom || next >= batchText
                    || (comment != 0 && next < limit && bytes.load(fromByteOffset: next, as: UInt8.self) == comment)
                {
                    position = next
                    return .goOn
                }
            }
        }
    }

    /// A value that ends before `end`, as offset in the upper half and length with marks in the lower.
    @inline(__always)
    private static func cell(
        _ state: State, _ fieldStart: Int, _ end: Int, _ quoteOpen: Int, _ valueEnd: Int,
        _ fieldFlags: UInt64, _ emptyCell: UInt64
    ) -> UInt64 {
        let quoted = state == .closed
        let start = quoted ? quoteOpen &+ 1 : fieldStart
        let length = (quoted ? valueEnd : end) &- start
        let place = UInt64(truncatingIfNeeded: start) &<< 32 | UInt64(truncatingIfNeeded: length)
        return (quoted ? place | fieldFlags : place) | (length == 0 ? emptyCell : 0)
    }

    /// Whether no key column is null or empty.
    @inline(__always)
    static func hasKeys(_ rowCells: UnsafeMutablePointer<UInt64>, _ keys: [Int]) -> Bool {
        for key in keys where rowCells[key] == nullCell || rowCells[key] & CellFlags.length == 0 { return false }
        return true
    }
}
