import CausewayCore

/// A group, read: the records that stay, and what becomes of the rest.
struct CompactionWork: Sendable {
    /// Those of the group that there was room for.
    private(set) var sources: [CompactionSource] = []
    private(set) var fields: [UInt32] = []
    private(set) var parts: [SegmentPart] = []
    /// Of what is kept by the segments of places.
    private(set) var changes: [Mutation] = []
    private(set) var removedRecords = 0
    private var records = RowBatch(columnCount: 1, text: [], cells: [], sourceRows: [], lines: [])
    private var textBytes = 0

    /// The records that stay; nil when none does.
    var batch: RowBatch? { records.isEmpty ? nil : records }
    /// Where to look for the next group.
    var next: UInt64 { (sources.last?.number ?? 0) + 1 }

    /// - Returns: nil when what there is room for is not worth it.
    init?(_ group: CompactionGroup, _ plan: CompactionPlan, in transaction: borrowing ReadTransaction) throws {
        let zstd = ZstdDecompressor()
        for source in group.sources {
            guard try take(source, plan, zstd, in: transaction) else { break }
            sources.append(source)
        }
        guard !sources.isEmpty, plan.isWorthwhile(sources[...]) else { return nil }
    }

    /// What stays of one source.
    private struct Remains {
        var parts: [SegmentPart] = []
        /// Of the source.
        var slots: [Int] = []
        var changes: [Mutation] = []
        var removed = 0

        /// Takes what stays of a part.
        ///
        /// - Parameter slot: where the part begins in its segment; then where it ends.
        mutating func take(_ part: SegmentPart, _ dead: DeadSlots, _ plan: CompactionPlan, from slot: inout Int) {
            var kept = SegmentPart(segment: part.segment, provenance: part.provenance, slots: [], sourceRows: [])
            var keptDead = DeadSlots()
            for (own, row) in zip(part.slots, part.sourceRows) {
                defer { slot += 1 }
                if dead.contains(Int(own)) {
                    guard plan.isNeeded(RecordPlace(segment: part.segment, slot: own)) else { continue }
                    _ = keptDead.insert(own)
                }
                kept.slots.append(own)
                kept.sourceRows.append(row)
                slots.append(slot)
            }
            removed += part.slots.count - kept.slots.count
            let key = plan.key(part.segment)
            if kept.slots.isEmpty { changes.append(.delete(.retried, key: key)) } else { parts.append(kept) }
            guard keptDead != dead else { return }
            changes.append(
                keptDead.count == 0
                    ? .delete(.deadSlots, key: key) : .put(.deadSlots, key: key, value: keptDead.bytes))
        }
    }

    /// - Returns: false when there is no room for the segment's texts.
    private mutating func take(
        _ source: CompactionSource, _ plan: CompactionPlan, _ zstd: ZstdDecompressor,
        in transaction: borrowing ReadTransaction
    ) throws -> Bool {
        let (shard, entity) = (plan.shard, plan.entity)
        let limit = sources.isEmpty ? Int.max : plan.limits.unitText
        let isTaken = try SegmentTable.withSegment(source.number, of: entity, shard, in: transaction, zstd) { segment in
            var remains = Remains()
            var slot = 0
            for part in try segment.parts() {
                let dead = try SegmentTable.deadSlots(part.segment, of: entity, shard, in: transaction)
                remains.take(part, dead, plan, from: &slot)
            }
            if !remains.slots.isEmpty {
                guard try append(segment, remains.slots, limit: limit) else { return false }
            }
            parts += remains.parts
            changes += remains.changes
            removedRecords += remains.removed
            return true
        }
        return isTaken == true
    }

    /// Takes a segment's records over.
    ///
    /// - Returns: false, and nothing is taken, when with them there would be more than `limit` bytes of texts.
    private mutating func append(_ segment: borrowing SegmentView, _ slots: [Int], limit: Int) throws -> Bool {
        if fields.isEmpty {
            fields = segment.fields
            records = RowBatch(columnCount: max(1, fields.count), text: [], cells: [], sourceRows: [], lines: [])
        }
        let views = try fields.map { try segment.view(of: $0) }
        let text = views.reduce(textBytes) { sum, view in
            slots.reduce(sum) { $0 + (view?.entry(of: $1).map { view?.bytes(of: $0).count ?? 0 } ?? 0) }
        }
        guard text <= limit else { return false }
        textBytes = text
        let first = records.rowCount
        records.cells += repeatElement(.null, count: records.columnCount * slots.count)
        records.sourceRows += repeatElement(0, count: slots.count)
        records.lines += repeatElement(0, count: slots.count)
        for (column, view) in views.enumerated() {
            if let view { withExtendedLifetime(view) { append(view, slots, column, from: first) } }
        }
        return true
    }

    private mutating func append(_ view: SegmentColumnView, _ slots: [Int], _ column: Int, from first: Int) {
        let start = records.text.count
        let width = records.columnCount
        if view.isDictionary {
            let size = Int(view.offsets[view.entryCount])
            records.text.append(contentsOf: UnsafeBufferPointer(start: view.text, count: size))
        }
        for (index, slot) in slots.enumerated() {
            let entry = view.codes[slot]
            guard entry != SegmentColumnView.null else { continue }
            var offset = start + Int(view.offsets[Int(entry)])
            let bytes = view.bytes(of: Int(entry))
            if !view.isDictionary {
                // Of the texts of dead records there may be many times as much.
                offset = records.text.count
                records.text.append(contentsOf: bytes)
            }
            records.cells[(first + index) * width + column] = RowBatch.Cell(offset: offset, length: bytes.count)
        }
    }
}
