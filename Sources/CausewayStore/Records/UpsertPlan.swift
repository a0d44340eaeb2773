import CausewayCore
import CausewayMessages

/// What became of the rows of a batch. New, updated and unchanged ones together are its rows.
package struct UpsertCounts: Hashable, Sendable {
    /// Rows whose key was not there.
    package var new = 0
    /// Rows whose content differs from the record with their key, also when that came earlier in the same batch.
    package var updated = 0
    /// Rows whose content is that of the record with their key.
    package var unchanged = 0
    /// Rows taken in this run, in this batch or an earlier one, whose record a row of this batch replaced; and rows out
    /// of quarantine whose record came behind them.
    package var superseded = 0

    package init() {}
    package var sum: Int { new + updated + unchanged }
}

/// How long the parts of taking a batch in were at work, in microseconds; all 0 without a clock.
package struct UpsertTimings: Hashable, Sendable {
    /// Hashing the rows' content.
    package var hash: Int64 = 0
    /// Making the keys and bringing them into order.
    package var sort: Int64 = 0
    /// Finding the records with these keys, and marking those that are replaced.
    package var lookUp: Int64 = 0
    /// Encoding segments and the run of keys.
    package var encode: Int64 = 0

    package init() {}
}

/// What a batch will do to an entity, decided on one snapshot; ``EntityWriter/encode(_:)`` makes changes of it.
package struct UpsertPlan: Sendable {
    let batch: RowBatch
    let fieldNumbers: [UInt32]
    let provenance: Provenance
    let date: LocalDate
    let state: EntityState
    package let counts: UpsertCounts
    package var timings: UpsertTimings
    let keys: RecordKeys
    let order: KeyOrder
    let decision: UpsertDecision
    /// The content hash of each row.
    let hashes: [UInt64]
    /// Of rows out of quarantine.
    let retryOrder: RetryOrder?
    /// The entity's runs of keys.
    var runs: StoredKeyRuns
    /// Where the replaced records lie, in order.
    var replaced: [RecordPlace] = []
    /// The dead slots after the batch, by segment, where they change.
    var deadSlots: [(segment: UInt64, slots: DeadSlots)] = []
    /// The day's figures before the batch.
    var day = StoredDay()

    package var rowCount: Int { batch.rowCount }
    /// Of the rows' text.
    package var byteCount: Int { batch.text.count }

    /// Rows that become records, in source order.
    var rows: [Int32] { (0..<Int32(batch.rowCount)).filter { decision.isTaken[Int($0)] } }
}

/// Decides, as if rows were taken one at a time: so where a batch ends makes no difference to what is kept.
struct UpsertDecision: Sendable {
    private(set) var counts = UpsertCounts()
    /// By group, the row that its record comes from in the end; -1: the stored one stays.
    private(set) var lastRow: [Int32]
    /// By row, whether its record comes from it in the end.
    private(set) var isTaken: [Bool]
    /// How many records come from the batch.
    private(set) var takenCount = 0

    /// - Parameters:
    ///   - stored: by group; ``KeyLookUp/none`` where the store has no such record.
    ///   - firstSegment: the first segment of the run.
    ///   - retryOrder: of rows out of quarantine.
    init(
        _ order: KeyOrder, stored: [KeyEntry], hashes: [UInt64], firstSegment: UInt64, _ retryOrder: RetryOrder?
    ) {
        lastRow = [Int32](repeating: -1, count: order.count)
        isTaken = [Bool](repeating: false, count: hashes.count)
        var counts = UpsertCounts()
        let ownPlaces = RecordPlace(segment: firstSegment, slot: 0).packed
        for group in 0..<order.count {
            let record = stored[group]
            var isKnown = record.place != .max
            var isOwn = isKnown && record.place >= ownPlaces
            var content = record.hash
            var last: Int32 = -1
            for position in Int(order.starts[group])..<Int(order.starts[group &+ 1]) {
                let row = order.rows[position]
                let hash = hashes[Int(row)]
                if let retryOrder, isKnown, last < 0, retryOrder.isOvertaken(row, by: record, of: group) {
                    counts.unchanged &+= 1
                    counts.superseded &+= 1
                    continue
                }
                if !isKnown {
                    counts.new &+= 1
                } else if content == hash {
                    counts.unchanged &+= 1
                    continue
                } else {
                    counts.updated &+= 1
                    if isOwn { counts.superseded &+= 1 }
                }
                isKnown = true
                isOwn = true
                content = hash
                last = row
            }
            guard last >= 0 else { continue }
            lastRow[group] = last
            isTaken[Int(last)] = true
            takenCount &+= 1
        }
        self.counts = counts
    }
}
