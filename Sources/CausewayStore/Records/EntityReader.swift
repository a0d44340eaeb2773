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
            page.next = RecordPlace(segment: number, slot: 0)
            _ = try SegmentTable.withRecords(number, of: entity, state.shard, in: transaction) { segment, dead in
                try append(segment, fields, dead, before: cursor, to: &page.records, limit: limit)
            }
            if page.records.count == limit {
                page.next = page.records.last?.place
                return page
            }
        }
        return page
    }

    /// Appends a segment's living records before `cursor`, the last first, until there are `limit`.
    private static func append(
        _ segment: borrowing SegmentView, _ fields: [EntityField], _ dead: DeadSlots, before cursor: RecordPlace?,
        to records: inout [StoredRecord], limit: Int
    ) throws {
        guard dead.count < segment.rowCount else { return }
        let columns = try fields.map { try segment.view(of: $0.number) }
        var end = segment.rowCount
        for part in try segment.parts().reversed() {
            end -= part.slots.count
            for (index, own) in part.slots.enumerated().reversed() where !dead.contains(end + index) {
                let place = RecordPlace(segment: part.segment, slot: own)
                if let cursor, place >= cursor { continue }
                let slot = end + index
                records.append(
                    StoredRecord(
                        place: place, values: columns.map { $0?.string(slot) }, provenance: part.provenance,
                        sourceRow: part.sourceRows[index]))
                if records.count == limit { return }
            }
        }
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
