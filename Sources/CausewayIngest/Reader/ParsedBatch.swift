package import CausewayStore

/// Some rows of a file, in its order: what one commit takes.
package struct ParsedBatch: Sendable {
    /// The labels of the columns, the same in every batch of a file.
    package var header: [String]
    /// May be empty.
    package var rows: RowBatch
    package var rejected: [RejectedRow]
    /// Just behind the last row of this batch, taken or rejected.
    package var checkpoint: FileCheckpoint

    /// Rows taken and rejected.
    package var rowsRead: Int { rows.rowCount + rejected.count }
}
