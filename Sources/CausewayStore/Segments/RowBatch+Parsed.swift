extension RowBatch {
    /// The memory of a batch: what a parser fills, and takes back for the next batch once nobody reads this one.
    package struct Buffers: Sendable {
        package var text: [UInt8] = []
        package var cells: [Cell] = []
        package var sourceRows: [Int64] = []
        package var lines: [Int64] = []

        package init() {}

        /// Forgets all but the cells. To be called when nobody else holds the batch that the memory is of: what somebody
        /// holds is made anew.
        package mutating func clear() {
            text.removeAll(keepingCapacity: true)
            sourceRows.removeAll(keepingCapacity: true)
            lines.removeAll(keepingCapacity: true)
        }
    }

    /// Takes over rows that a parser cut in its own text, which may have bytes between the cells that belong to none.
    ///
    /// - Parameter buffers: `columnCount` times as many cells as `sourceRows` and `lines`, or more.
    package init(columnCount: Int, _ buffers: consuming Buffers) {
        precondition(buffers.cells.count >= columnCount * buffers.sourceRows.count)
        precondition(buffers.lines.count == buffers.sourceRows.count)
        self.init(
            columnCount: columnCount, text: buffers.text, cells: buffers.cells, sourceRows: buffers.sourceRows,
            lines: buffers.lines)
    }

    /// The batch's memory, with what is in it.
    package consuming func takeBuffers() -> Buffers {
        var buffers = Buffers()
        swap(&buffers.text, &text)
        swap(&buffers.cells, &cells)
        swap(&buffers.sourceRows, &sourceRows)
        swap(&buffers.lines, &lines)
        return buffers
    }
}
