import CausewayCore
import Testing

@testable import CausewayStore

@Suite struct RowBatchTests {
    @Test func keepsTextNullAndEmptyApart() throws {
        let batch = try rowBatch([["a", nil, ""], ["", "ü", nil]], firstRow: 7)
        #expect(batch.rowCount == 2)
        #expect(batch.string(row: 0, column: 0) == "a")
        #expect(batch.string(row: 0, column: 1) == nil)
        #expect(batch.string(row: 0, column: 2) == "")
        #expect(batch.string(row: 1, column: 0) == "")
        #expect(batch.string(row: 1, column: 1) == "ü")
        #expect(batch.sourceRows == [7, 8])
        #expect(batch.lines == [8, 9])
    }

    @Test func joinsTheParts() throws {
        var builder = try RowBatchBuilder(columnCount: 2)
        for part in ["one", "\"", "two"] { Array(part.utf8).withUnsafeBytes { builder.appendPart($0) } }
        builder.endCell()
        builder.endCell()
        let outcome = builder.endRow(sourceRow: 1, line: 1)
        #expect(outcome == .taken)
        let batch = builder.take()
        #expect(batch.string(row: 0, column: 0) == "one\"two")
        #expect(batch.string(row: 0, column: 1) == "")
    }

    @Test func dropsRaggedRowsWithoutATrace() throws {
        var builder = try RowBatchBuilder(columnCount: 2)
        for cells in [["a"], ["b", "c"], ["d", "e", "f", "g"], [], ["h", "i"]] {
            for cell in cells { builder.append(cell) }
            let outcome = builder.endRow(sourceRow: 1, line: 1)
            #expect(outcome == (cells.count == 2 ? .taken : .ragged(cells: cells.count)))
        }
        let batch = builder.take()
        #expect(batch.rowCount == 2)
        #expect(batch.text == Array("bchi".utf8))
        #expect(batch.string(row: 1, column: 0) == "h")
    }

    @Test func dropsRowsThatAreTooLong() throws {
        var builder = try RowBatchBuilder(columnCount: 1)
        let mebibyte = [UInt8](repeating: 65, count: 1 << 20)
        for _ in 0..<9 { mebibyte.withUnsafeBytes { builder.appendPart($0) } }
        builder.endCell()
        let outcome = builder.endRow(sourceRow: 1, line: 1)
        #expect(outcome == .tooLong(bytes: 9 << 20))
        builder.append("x")
        let next = builder.endRow(sourceRow: 2, line: 2)
        #expect(next == .taken)
        let batch = builder.take()
        #expect(batch.text == [120])
    }

    @Test func isFullByTextRowsAndCells() throws {
        var byText = try RowBatchBuilder(columnCount: 1)
        let half = [UInt8](repeating: 65, count: RowBatch.textTarget / 2)
        for row in 0..<2 {
            let isFull = byText.isFull
            #expect(!isFull)
            half.withUnsafeBytes { byText.append($0) }
            _ = byText.endRow(sourceRow: Int64(row), line: 1)
        }
        let isFull = byText.isFull
        #expect(isFull)

        var byCells = try RowBatchBuilder(columnCount: RowBatch.maximumColumns)
        while !byCells.isFull {
            for _ in 0..<RowBatch.maximumColumns { byCells.appendNull() }
            _ = byCells.endRow(sourceRow: 1, line: 1)
        }
        let rowsByCells = byCells.rowCount
        #expect(rowsByCells == RowBatch.maximumCells / RowBatch.maximumColumns)

        var byRows = try RowBatchBuilder(columnCount: 1)
        while !byRows.isFull {
            byRows.appendNull()
            _ = byRows.endRow(sourceRow: 1, line: 1)
        }
        let rowsByRows = byRows.rowCount
        #expect(rowsByRows == RowBatch.maximumRows)
    }

    @Test(arguments: [0, -1, RowBatch.maximumColumns + 1])
    func refusesColumnCounts(_ count: Int) {
        #expect(throws: CausewayError.self) { _ = try RowBatchBuilder(columnCount: count) }
    }

    @Test func findsRowsWithoutKey() throws {
        var builder = try RowBatchBuilder(columnCount: 3)
        builder.append("a")
        builder.append("")
        builder.appendNull()
        let found = [
            builder.columnWithoutValue(among: [0]), builder.columnWithoutValue(among: [0, 1]),
            builder.columnWithoutValue(among: [2, 1]),
        ]
        #expect(found == [nil, 1, 2])
    }

    @Test func takingLeavesTheBuilderEmptyAndDropsAnUnfinishedRow() throws {
        var builder = try RowBatchBuilder(columnCount: 2)
        builder.append("a")
        builder.append("b")
        _ = builder.endRow(sourceRow: 1, line: 1)
        builder.append("half")
        let first = builder.take()
        let left = (rows: builder.rowCount, cells: builder.cellCount)
        #expect(first.rowCount == 1)
        #expect(left == (rows: 0, cells: 0))
        builder.append("c")
        builder.append("d")
        _ = builder.endRow(sourceRow: 2, line: 2)
        let second = builder.take()
        #expect(second.string(row: 0, column: 0) == "c")
    }
}
