import CausewayCore
import CausewayMessages

/// A record as it is stored.
package struct StoredRecord: Hashable, Sendable {
    package var place: RecordPlace
    /// In the order of the fields asked for; nil: null, or the record does not carry the field.
    package var values: [String?]
    package var provenance: Provenance
    /// Which row of its source it was, the first after the header being 1.
    package var sourceRow: Int64
}

/// A page of records.
package struct RecordPage: Sendable {
    package var records: [StoredRecord]
    /// Where the next page begins; nil at the end. A page may be short, even empty, with a next one.
    package var next: RecordPlace?
}

/// Reads an entity's records.
package enum EntityReader {
    /// Segments that one page opens at most, so that long stretches of dead slots do not hold a snapshot for long.
    private static let segmentsPerPage = 64

    /// Records imported before `cursor` (nil: all), the last imported first.
    ///
    /// - Parameter fields: whose values are wanted, in this order.
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package static func latest(
        in transaction: borrowing ReadTransaction, _ state: EntityState, fields: [EntityField],
        before cursor: RecordPlace? = nil, limit: Int
    ) throws -> RecordPage {
        let entity = state.entity.number
        var page = RecordPage(records: [], next: nil)
        guard limit > 0 else { return page }
        // The segment of the cursor itself may have more.
        var bound = cursor.flatMap { $0.slot == 0 ? $0.segment : $0.segment &+ 1 }
        for _ in 0..<segmentsPerPage {
            guard
                let number = try SegmentTable.neighbour(
                    of: bound, above: false, entity: entity, state.shard, in: transaction)
            else {
                page.next = nil
                return page
            }
            bound = number
            let dead = try SegmentTable.deadSlots(number, of: entity, state.shard, in: transaction)
            page.next = RecordPlace(segment: number, slot: 0)
            let end = cursor.flatMap { $0.segment == number ? Int($0.slot) : nil }
            let last = try SegmentTable.withSegment(number, of: entity, state.shard, in: transaction) { segment in
                try append(segment, fields, dead, before: end, to: &page.records, limit: limit)
            }
            if page.records.count == limit {
                page.next = last ?? page.next
                return page
            }
        }
        return page
    }

    /// Appends a segment's living records before slot `end` (nil: all), the last first, until there are `limit`.
    ///
    /// - Returns: the place of the last one appended.
    private static func append(
        _ segment: borrowing SegmentView, _ fields: [EntityField], _ dead: DeadSlots, before end: Int?,
        to records: inout [StoredRecord], limit: Int
    ) throws -> RecordPlace? {
        var place: RecordPlace?
        guard dead.count < segment.rowCount else { return place }
        let columns = try fields.map { try segment.view(of: $0.number) }
        let sourceRows = try segment.sourceRows()
        for slot in (0..<min(end ?? segment.rowCount, segment.rowCount)).reversed() where !dead.contains(slot) {
            let here = RecordPlace(segment: segment.number, slot: UInt16(slot))
            records.append(
                StoredRecord(
                    place: here, values: columns.map { $0?.string(slot) }, provenance: segment.provenance,
                    sourceRow: sourceRows[slot]))
            place = here
            if records.count == limit { break }
        }
        return place
    }
}

extension RecordPlace {
    /// For page tokens: "12.345".
    package var text: String { "\(segment).\(slot)" }

    /// Reads what ``text`` writes.
    package init?(text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let segment = UInt64(parts[0]), let slot = UInt16(parts[1]) else { return nil }
        self.init(segment: segment, slot: slot)
    }
}
