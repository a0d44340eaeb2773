package import CausewayStore

/// Some rows of a file, in its order: what one commit takes.
package struct ParsedBatch: Sendable {
    /// The labels of the columns. With delimited text the same in every batch of a file; with JSON each batch of a file
    /// has the columns of the one before and those that its own rows brought. Those of the primary key, maybe none,
    /// when no row was taken so far.
    package var header: [String]
    /// May be empty.
    package var rows: RowBatch
    package var rejected: [RejectedRow]
    /// Just behind the last row of this batch, taken or rejected.
    package var checkpoint: FileCheckpoint

    /// Rows taken and rejected.
    package var rowsRead: Int { rows.rowCount + rejected.count }
}
