package import CausewayCore
package import CausewayStore

/// Proposes a type for each column from the values it sees. What it proposes does not depend on the order of rows or on
/// how they are spread over proposers that are merged.
package struct TypeProposer: Hashable, Sendable {
    private struct Column: Hashable, Sendable {
        var candidates = TypeCandidates.all
        var hasValues = false
        /// Nothing that follows changes what is proposed.
        var isText: Bool { hasValues && candidates.isEmpty }
    }

    private var columns: [Column]

    package init(columnCount: Int) {
        columns = Array(repeating: Column(), count: columnCount)
    }

    /// Starts from types known from earlier data, nil where none is: further values only widen them.
    package init(known: [FieldType?]) {
        columns = known.map { type in
            type.map { Column(candidates: TypeCandidates($0), hasValues: true) } ?? Column()
        }
    }

    package var columnCount: Int { columns.count }

    /// Takes account of all rows of a batch, which has as many columns.
    package mutating func observe(_ batch: RowBatch) {
        precondition(batch.columnCount == columns.count, "another number of columns")
        let rowCount = batch.rowCount
        let columnCount = columns.count
        batch.text.withUnsafeBytes { text in
            batch.cells.withUnsafeBufferPointer { cells in
                for index in columns.indices where !columns[index].isText {
                    var column = columns[index]
                    for row in 0..<rowCount {
                        let cell = cells[row &* columnCount &+ index]
                        guard !cell.isNull else { continue }
                        column.hasValues = true
                        let value = UnsafeRawBufferPointer(rebasing: text[cell.offset..<cell.offset + cell.length])
                        column.candidates = column.candidates.kept(by: value)
                        if column.candidates.isEmpty { break }
                    }
                    columns[index] = column
                }
            }
        }
    }

    /// Takes account of what another one saw of the same columns.
    package mutating func merge(_ other: Self) {
        precondition(other.columns.count == columns.count, "another number of columns")
        for index in columns.indices {
            columns[index].candidates.formIntersection(other.columns[index].candidates)
            columns[index].hasValues = columns[index].hasValues || other.columns[index].hasValues
        }
    }

    /// The narrowest type that all values of each column have; nil for a column without values.
    package var types: [FieldType?] {
        columns.map { $0.hasValues ? $0.candidates.narrowest : nil }
    }
}
