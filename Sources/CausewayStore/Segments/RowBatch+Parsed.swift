extension RowBatch {
    /// Takes over rows that a parser cut in its own text, which may have bytes between the cells that belong to none.
    ///
    /// - Parameters:
    ///   - packedCells: row by row, for each cell its offset in `text` in the upper half and its length in the lower,
    ///     or all ones for null. `columnCount` times as many as there are `sourceRows` and `lines`.
    package init(
        columnCount: Int, text: consuming [UInt8], packedCells: ArraySlice<UInt64>, sourceRows: [Int64], lines: [Int64]
    ) {
        precondition(packedCells.count == columnCount * sourceRows.count && lines.count == sourceRows.count)
        self.init(
            columnCount: columnCount, text: text, cells: packedCells.map { Cell(bits: $0) },
            sourceRows: sourceRows, lines: lines)
    }
}
