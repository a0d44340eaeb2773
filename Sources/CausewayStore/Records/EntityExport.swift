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
/// were dead. No snapshot is held between pieces. Only compaction and deletion change segments; the one waits for the end
/// of exports, see `Exports` of the engine, the other is noticed.
package struct EntityExport: Sendable {
    private let shard: ShardID
    private let entity: UInt32
    /// By position; nil where values are left out.
    private let fields: [UInt32?]
    private let format: RecordFormat
    /// What there was, with the segments' checksums.
    private var segments: ArraySlice<(number: UInt64, checksum: UInt64)>
    private let dead: [UInt64: DeadSlots]
    private var current: OpenSegment?
    private var isHeaderDue = true
    /// Records in the pieces so far.
    package private(set) var recordCount: Int64 = 0

    /// The rest of a segment in work.
    private struct OpenSegment {
        let records: RecordFormat.Block
        let slots: [UInt16]
        var next = 0
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
        let all = state.fieldsByPosition
        fields = all.map { hidesSensitive && $0.stored.sensitive ? nil : $0.number }
        self.format = RecordFormat(format, labels: all.map(\.stored.apiLabel))
        var found: [(number: UInt64, checksum: UInt64)] = []
        let range = KeyRange(prefix: KeyBuilder.key(shard, entity: entity))
        try transaction.scan(.segments, range) { key, value in
            found.append((try KeyTail(.segments, key).number(at: 4), Checksum.kept(value)))
            return .next
        }
        segments = found[...]
        var dead: [UInt64: DeadSlots] = [:]
        try transaction.scan(.deadSlots, range) { key, value in
            let tail = KeyTail(.deadSlots, key)
            dead[try tail.number(at: 4)] = try DeadSlots(Array(value), key: tail.key)
            return .next
        }
        self.dead = dead
    }

    /// The next piece: `size` bytes or a little more; nil at the end.
    ///
    /// - Throws: ``CausewayError``: `EXPORT_OVERTAKEN` (aborted; begin anew) when records were dropped meanwhile,
    ///   `STORE_DAMAGED` (data loss), and those of the store.
    package mutating func next(reading store: some Store, size: Int = 256 << 10) throws -> [UInt8]? {
        var piece = ByteSink(capacity: size + size / 8)
        if isHeaderDue {
            piece.append(format.header)
            isHeaderDue = false
        }
        while piece.count < size {
            guard var segment = try current ?? open(store) else { break }
            current = nil
            let written = format.append(segment.records, segment.slots[segment.next...], to: &piece, upTo: size)
            recordCount += Int64(written)
            segment.next += written
            current = segment.next < segment.slots.count ? segment : nil
        }
        return piece.count == 0 ? nil : piece.bytes
    }

    private mutating func open(_ store: some Store) throws -> OpenSegment? {
        guard let (number, checksum) = segments.popFirst() else { return nil }
        let dead = dead
        let opened: OpenSegment? = try store.read { transaction in
            try SegmentTable.withSegment(number, of: entity, shard, in: transaction) { segment -> OpenSegment? in
                guard segment.checksum == checksum else { return nil }
                let gone = try segment.deadSlots { dead[$0] ?? DeadSlots() }
                let slots = (0..<UInt16(segment.rowCount)).filter { !gone.contains(Int($0)) }
                // Of a segment without a living record nothing needs decoding.
                let columns = try slots.isEmpty ? [] : fields.map { try $0.flatMap { try segment.view(of: $0) } }
                return OpenSegment(records: format.block(rowCount: segment.rowCount, columns), slots: slots)
            } ?? nil
        }
        guard let opened else {
            throw CausewayError(
                .aborted, reason: "EXPORT_OVERTAKEN",
                "Records were dropped while they were being exported. Begin the export anew.", retry: .backoff)
        }
        return opened
    }
}
