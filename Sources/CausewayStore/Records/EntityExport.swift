import CausewayCore
import CausewayMessages

/// How records are written out.
package enum ExportFormat: Hashable, Sendable {
    /// RFC 4180, UTF-8, lines end in LF, a header with the API labels. Null is nothing, an empty text is `""`.
    case csv
    /// One JSON object a line, with every field; values are texts or null.
    case jsonLines
}

/// All records of an entity in the order of their import, piece by piece.
///
/// The records are those of the moment it was made: it remembers which segments there were and which of their slots
/// were dead, and segments never change. No snapshot is held between pieces.
package struct EntityExport: Sendable {
    private let shard: ShardID
    private let entity: UInt32
    private let fields: [EntityField]
    /// Fields whose values are left out, by number.
    private let hidden: Set<UInt32>
    private let format: RecordFormat
    private var segments: ArraySlice<(number: UInt64, dead: DeadSlots)>
    private var current: OpenSegment?
    private var isHeaderDue = true
    /// Records in the pieces so far.
    package private(set) var recordCount: Int64 = 0

    /// A segment in work.
    private struct OpenSegment {
        let records: RecordFormat.Block
        let dead: DeadSlots
        var slot = 0
    }

    /// Notes what there is. Memory: some 500 bytes for each 4,096 records of which any was replaced.
    ///
    /// - Parameter hidesSensitive: values of fields marked sensitive are written as null.
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package init(
        _ state: EntityState, _ format: ExportFormat, hidesSensitive: Bool = false,
        in transaction: borrowing ReadTransaction
    ) throws {
        shard = state.shard
        entity = state.entity.number
        fields = state.fieldsByPosition
        hidden = hidesSensitive ? Set(fields.filter(\.stored.sensitive).map(\.number)) : []
        self.format = RecordFormat(format, labels: fields.map(\.stored.apiLabel))
        var found: [(number: UInt64, dead: DeadSlots)] = []
        let range = KeyRange(prefix: KeyBuilder.key(shard, entity: entity))
        try transaction.scan(.segments, range) { key, _ in
            found.append((try KeyTail(.segments, key).number(at: 4), DeadSlots()))
            return .next
        }
        for index in found.indices {
            found[index].dead = try SegmentTable.deadSlots(found[index].number, of: entity, shard, in: transaction)
        }
        segments = found[...]
    }

    /// The next piece: `size` bytes or a little more; nil at the end.
    ///
    /// - Throws: ``CausewayError``: `EXPORT_OVERTAKEN` (aborted; begin anew) when records were dropped meanwhile,
    ///   `STORE_DAMAGED` (data loss), and those of the store.
    package mutating func next(reading store: some Store, size: Int = 256 << 10) throws -> [UInt8]? {
        var piece: [UInt8] = []
        piece.reserveCapacity(size + size / 8)
        if isHeaderDue {
            format.appendHeader(to: &piece)
            isHeaderDue = false
        }
        while piece.count < size {
            guard var segment = try current ?? open(store) else { break }
            current = nil
            while segment.slot < segment.records.rowCount, piece.count < size {
                if !segment.dead.contains(segment.slot) {
                    format.append(segment.records, segment.slot, to: &piece)
                    recordCount += 1
                }
                segment.slot += 1
            }
            current = segment.slot < segment.records.rowCount ? segment : nil
        }
        return piece.isEmpty ? nil : piece
    }

    private mutating func open(_ store: some Store) throws -> OpenSegment? {
        guard let (number, dead) = segments.popFirst() else { return nil }
        let key = SegmentTable.key(shard, entity, number)
        guard let bytes = try store.read({ try $0.value(.segments, key) }) else {
            throw CausewayError(
                .aborted, reason: "EXPORT_OVERTAKEN",
                "Records were dropped while they were being exported. Begin the export anew.", retry: .backoff)
        }
        let segment = try SegmentReader(bytes, key: key, number: number)
        let columns = try fields.map { hidden.contains($0.number) ? nil : try segment.column($0.number) }
        return OpenSegment(records: format.block(rowCount: segment.rowCount, columns), dead: dead)
    }
}
