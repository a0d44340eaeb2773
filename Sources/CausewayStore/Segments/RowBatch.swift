package import CausewayCore

/// Parsed rows on their way into the store: one buffer of cell texts and, row by row, where each cell lies in it.
///
/// No text is made for a cell; whoever needs one reads the bytes. Made by ``RowBatchBuilder``, never empty of columns.
package struct RowBatch: Sendable {
    /// Most columns that a row may have.
    package static let maximumColumns = 4_096
    /// Most rows of a batch: with a change a row, and the fields, it stays below what a commit unit takes.
    package static let maximumRows = 65_536
    /// Most cells of a batch, unless one row has more.
    package static let maximumCells = 1 << 20
    /// Most bytes of the cells of one row.
    package static let maximumRowBytes = 4 << 20
    /// Bytes of text at which a batch takes no further row. With the last row it holds at most 12 MiB.
    package static let textTarget = 8 << 20

    package let columnCount: Int
    /// The texts of all cells, UTF-8 as checked by the parser, one behind the other.
    package internal(set) var text: [UInt8]
    /// Cell of row `r` and column `c` at `r * columnCount + c`. What lies behind the last row's cells means nothing.
    package internal(set) var cells: [Cell]
    /// For each row, which row of its source it is, the first after the header being 1.
    package internal(set) var sourceRows: [Int64]
    /// For each row, the line of its source that it begins in, from 1.
    package internal(set) var lines: [Int64]

    package var rowCount: Int { sourceRows.count }
    package var isEmpty: Bool { sourceRows.isEmpty }

    /// Where one cell lies in the text, or null.
    package struct Cell: Hashable, Sendable, BitwiseCopyable {
        // Offset in the upper half, length in the lower. All ones is null: no text reaches that far.
        package let bits: UInt64
        package static let null = Cell(bits: .max)

        @inline(__always) package init(bits: UInt64) { self.bits = bits }
        @inline(__always)
        init(offset: Int, length: Int) {
            bits = UInt64(truncatingIfNeeded: offset) << 32 | UInt64(UInt32(truncatingIfNeeded: length))
        }

        @inline(__always) package var isNull: Bool { bits == .max }
        /// Not for null.
        @inline(__always) package var offset: Int { Int(bits >> 32) }
        /// Bytes. Not for null.
        @inline(__always) package var length: Int { Int(bits & 0xFFFF_FFFF) }
    }

    /// Whether every cell lies in the text and all of them fit into segments. What reads cells without further checks
    /// asks this first.
    var isConsistent: Bool {
        guard rowCount <= Self.maximumRows, columnCount <= Self.maximumColumns else { return false }
        guard cells.count >= rowCount * columnCount, lines.count == rowCount else { return false }
        var bytes = 0
        var end = 0
        for cell in cells[..<(rowCount * columnCount)] where !cell.isNull {
            bytes &+= cell.length
            end = max(end, cell.offset &+ cell.length)
        }
        return end <= text.count && bytes <= Self.textTarget + Self.maximumRowBytes
    }

    package func cell(row: Int, column: Int) -> Cell { cells[row * columnCount + column] }

    /// The bytes of a cell, nil when it is null.
    package func bytes(row: Int, column: Int) -> ArraySlice<UInt8>? {
        let cell = cell(row: row, column: column)
        return cell.isNull ? nil : text[cell.offset..<cell.offset + cell.length]
    }

    /// The text of a cell, repaired where it is not UTF-8; nil when it is null. For messages and tests.
    package func string(row: Int, column: Int) -> String? {
        bytes(row: row, column: column).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Builds ``RowBatch``es cell by cell. Bounded whatever is appended: what goes beyond a limit is counted, not kept.
package struct RowBatchBuilder: ~Copyable {
    private var batch: RowBatch
    private var cellsInRow = 0
    private var rowBytes = 0
    private var rowText = 0
    private var cellText = 0

    /// - Throws: ``CausewayError`` (invalid argument, `TOO_MANY_COLUMNS`) unless `columnCount` is 1 to 4,096.
    package init(columnCount: Int) throws(CausewayError) {
        guard (1...RowBatch.maximumColumns).contains(columnCount) else {
            throw CausewayError(
                .invalidArgument, reason: "TOO_MANY_COLUMNS",
                "A row of \(columnCount) columns cannot be taken; 1 to \(RowBatch.maximumColumns) can.",
                metadata: ["columns": String(columnCount), "limit": String(RowBatch.maximumColumns)])
        }
        batch = RowBatch(columnCount: columnCount, text: [], cells: [], sourceRows: [], lines: [])
    }

    package var columnCount: Int { batch.columnCount }
    /// Whole rows so far.
    package var rowCount: Int { batch.rowCount }
    /// Cells of the row in progress, those beyond the column count too.
    package var cellCount: Int { cellsInRow }
    /// Whether the batch should be taken before another row is begun. Ask at each row's end.
    package var isFull: Bool {
        batch.text.count >= RowBatch.textTarget || batch.rowCount >= RowBatch.maximumRows
            || batch.cells.count + batch.columnCount > max(RowBatch.maximumCells, batch.columnCount)
    }

    /// Appends a cell with these bytes.
    @inline(__always)
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        appendPart(bytes)
        endCell()
    }

    /// Appends bytes to the cell in progress, for one that lies in pieces (a doubled quote, a buffer's end).
    @inline(__always)
    package mutating func appendPart(_ bytes: UnsafeRawBufferPointer) {
        rowBytes += bytes.count
        guard rowBytes <= RowBatch.maximumRowBytes, cellsInRow < batch.columnCount else { return }
        batch.text.append(contentsOf: bytes)
    }

    /// Ends the cell whose parts were appended; with none it is an empty text.
    @inline(__always)
    package mutating func endCell() {
        if cellsInRow < batch.columnCount {
            batch.cells.append(RowBatch.Cell(offset: cellText, length: batch.text.count - cellText))
            cellText = batch.text.count
        }
        cellsInRow += 1
    }

    /// Appends a null cell, in place of what was appended of the cell in progress.
    @inline(__always)
    package mutating func appendNull() {
        if cellsInRow < batch.columnCount {
            if batch.text.count > cellText { batch.text.removeSubrange(cellText...) }
            batch.cells.append(.null)
        }
        cellsInRow += 1
    }

    /// What became of a row.
    package enum RowOutcome: Hashable, Sendable {
        case taken
        /// Dropped: it had another number of cells than there are columns.
        case ragged(cells: Int)
        /// Dropped: its cells had more bytes than ``RowBatch/maximumRowBytes``.
        case tooLong(bytes: Int)
    }

    /// Ends the row in progress. One that cannot be taken is dropped, and the builder is as before the row.
    package mutating func endRow(sourceRow: Int64, line: Int64) -> RowOutcome {
        if rowBytes > RowBatch.maximumRowBytes {
            let bytes = rowBytes
            dropRow()
            return .tooLong(bytes: bytes)
        }
        if cellsInRow != batch.columnCount {
            let cells = cellsInRow
            dropRow()
            return .ragged(cells: cells)
        }
        batch.sourceRows.append(sourceRow)
        batch.lines.append(line)
        beginRow()
        return .taken
    }

    /// Forgets the row in progress.
    package mutating func dropRow() {
        batch.text.removeSubrange(rowText...)
        batch.cells.removeSubrange((batch.rowCount * batch.columnCount)...)
        beginRow()
    }

    /// Bytes of a cell of the row in progress, nil when it is null or not there yet: for checks before the row ends.
    package func bytes(column: Int) -> ArraySlice<UInt8>? {
        let index = batch.rowCount * batch.columnCount + column
        guard batch.cells.indices.contains(index), !batch.cells[index].isNull else { return nil }
        let cell = batch.cells[index]
        return batch.text[cell.offset..<cell.offset + cell.length]
    }

    /// The first of `columns` whose cell in the row in progress is null or empty: a row that has such a cell in its key
    /// cannot be told from others and must not be taken. Nil when all have a value.
    package func columnWithoutValue(among columns: [Int]) -> Int? {
        columns.first { bytes(column: $0)?.isEmpty ?? true }
    }

    /// The rows so far, leaving the builder empty. A row in progress is dropped.
    package mutating func take() -> RowBatch {
        dropRow()
        var taken = RowBatch(columnCount: batch.columnCount, text: [], cells: [], sourceRows: [], lines: [])
        taken.text.reserveCapacity(batch.text.count)
        taken.cells.reserveCapacity(batch.cells.count)
        swap(&taken, &batch)
        beginRow()
        return taken
    }

    private mutating func beginRow() {
        rowText = batch.text.count
        cellText = rowText
        rowBytes = 0
        cellsInRow = 0
    }
}
