import CausewayCore
import CausewayMessages

/// What became of the rows of a batch. Their sum is the number of its rows.
package struct UpsertCounts: Hashable, Sendable {
    /// Rows whose key was not there.
    package var new = 0
    /// Rows whose content differs from the record with their key, also when that came earlier in the same batch.
    package var updated = 0
    /// Rows whose content is that of the record with their key.
    package var unchanged = 0

    package init() {}
    package var sum: Int { new + updated + unchanged }
}

/// What a batch will do to an entity, decided on one snapshot; ``EntityWriter/encode(_:)`` makes changes of it.
package struct UpsertPlan: Sendable {
    let batch: RowBatch
    let fieldNumbers: [UInt32]
    let provenance: Provenance
    let date: LocalDate
    var state: EntityState
    package var counts: UpsertCounts
    /// Rows that become records, in source order.
    var rows: [Int32]
    /// Rows that become records, in key order.
    var rowsByKey: [Int32]
    let keys: RecordKeys
    /// The content hash of each row.
    let hashes: [UInt64]
    /// How many of the rows replace a record.
    var replaced: Int
    /// The dead slots after the batch, by segment, where they change.
    var deadSlots: [(segment: UInt64, slots: DeadSlots)]
    /// The day's figures before the batch.
    var day: StoredDay
}

/// Decides, as if rows were taken one at a time: so where a batch ends makes no difference to what is kept.
struct UpsertDecision {
    private(set) var counts = UpsertCounts()
    /// By group, the row that its record comes from in the end; -1: the stored one stays.
    private(set) var lastRow: [Int32]

    init(_ groups: KeyGroups, stored: [KeyIndex.Entry?], hashes: [UInt64]) {
        lastRow = [Int32](repeating: -1, count: groups.count)
        var content = stored.map { $0?.hash ?? 0 }
        for row in groups.groupOfRow.indices {
            let group = Int(groups.groupOfRow[row])
            if lastRow[group] < 0 && stored[group] == nil {
                counts.new += 1
            } else if content[group] == hashes[row] {
                counts.unchanged += 1
                continue
            } else {
                counts.updated += 1
            }
            lastRow[group] = Int32(row)
            content[group] = hashes[row]
        }
    }
}
