import CausewayCore
import CausewayMessages

/// A segment as a compaction looks at it.
struct CompactionSource: Hashable, Sendable {
    var number: UInt64
    var bytes: Int
    var records: Int
    /// Dead records that nobody needs.
    var droppable: Int

    var kept: Int { records - droppable }
    /// Bytes that it would take without them, about.
    var keptBytes: Int { records > 0 ? bytes / records * kept : 0 }
}

/// Neighbours that become one segment, or none.
struct CompactionGroup: Hashable, Sendable {
    var sources: [CompactionSource]
}

/// What is known of an entity, for finding segments that are worth writing anew.
struct CompactionPlan: Sendable {
    let shard: ShardID
    let entity: UInt32
    let limits: CompactionLimits
    /// Where stored tables of values end: no segment may have records from both sides.
    private let borders: Set<UInt64>
    /// The places of replaced records that some table has still, in order.
    private let needed: [UInt64]

    /// - Returns: nil when the journal is too long.
    init?(_ state: EntityState, _ limits: CompactionLimits, in transaction: borrowing ReadTransaction) throws {
        shard = state.shard
        entity = state.entity.number
        self.limits = limits
        var borders: Set<UInt64> = []
        for field in [ValueTable.contents] + state.fields.map(\.number) {
            let header = try ValueTable.header(shard, entity, field, in: transaction)
            if let header { borders.insert(header.coveredSegment) }
        }
        self.borders = borders
        var needed: [UInt64] = []
        var isTooLong = false
        try transaction.scan(.killed, KeyRange(prefix: KeyBuilder.key(shard, entity: entity))) { key, value in
            guard value.count % 8 == 0 else { throw StoreDamage.error(.killed, Array(key), "it is cut short") }
            isTooLong = needed.count + value.count / 8 > limits.journal
            guard !isTooLong else { return .stop }
            for offset in stride(from: 0, to: value.count, by: 8) {
                needed.append(UInt64(littleEndian: value.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            }
            return .next
        }
        guard !isTooLong else { return nil }
        needed.sort()
        self.needed = needed
    }

    func key(_ segment: UInt64) -> [UInt8] { SegmentTable.key(shard, entity, segment) }

    /// Whether the journal names the record of a place.
    func isNeeded(_ place: RecordPlace) -> Bool {
        let at = firstNeeded(place.packed)
        return at < needed.count && needed[at] == place.packed
    }

    private func firstNeeded(_ place: UInt64) -> Int {
        var low = 0
        var high = needed.count
        while low < high {
            let middle = (low + high) / 2
            if needed[middle] < place { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Looks for a group that begins with the first segment from `cursor` on.
    ///
    /// - Returns: `next` is where to look next; nil when there is no segment.
    func look(
        from cursor: UInt64, in transaction: borrowing ReadTransaction
    ) throws -> (group: CompactionGroup?, next: UInt64?) {
        var sources: [CompactionSource] = []
        var fields: Set<UInt32> = []
        var best = 0
        var first: UInt64?
        var next = cursor
        while sources.count < limits.unitSegments, let found = try source(from: next, in: transaction) {
            next = found.source.number + 1
            first = first ?? found.source.number
            guard try takes(found, sources, &fields, in: transaction) else { break }
            sources.append(found.source)
            if isWorthwhile(sources[...]) { best = sources.count }
        }
        guard let first else { return (nil, nil) }
        guard best > 0 else { return (nil, first + 1) }
        return (CompactionGroup(sources: Array(sources.prefix(best))), first + 1)
    }

    /// Whether a group so far may go on with a segment.
    private func takes(
        _ found: (source: CompactionSource, fields: Set<UInt32>), _ sources: [CompactionSource],
        _ fields: inout Set<UInt32>, in transaction: borrowing ReadTransaction
    ) throws -> Bool {
        let source = found.source
        let isWorn = source.droppable * 4 >= source.records
        guard source.kept == 0 || isWorn || source.kept * 2 <= limits.segmentRecords else { return false }
        guard !sources.isEmpty else {
            fields = found.fields
            return true
        }
        guard !borders.contains(where: { sources[0].number < $0 && $0 <= source.number }) else { return false }
        // Segments that go whole are removed together, for nothing.
        guard source.kept > 0 else { return true }
        guard sources.contains(where: { $0.kept > 0 }) else { return false }
        let kept = sources.reduce(source.kept) { $0 + $1.kept }
        let bytes = sources.reduce(source.keptBytes) { $0 + $1.keptBytes }
        guard kept * fields.count <= RowBatch.maximumCells else { return false }
        return kept <= limits.segmentRecords && bytes <= limits.unitBytes && found.fields == fields
    }

    func isWorthwhile(_ sources: ArraySlice<CompactionSource>) -> Bool {
        let staying = sources.filter { $0.kept > 0 }
        guard !staying.isEmpty else { return true }
        let kept = staying.reduce(0) { $0 + $1.kept }
        let records = staying.reduce(0) { $0 + $1.records }
        if (records - kept) * 100 >= records * limits.deadPercent { return true }
        return staying.count >= limits.smallSegments && kept >= 2 * staying.reduce(0) { max($0, $1.kept) }
    }

    /// The first segment from `number` on.
    private func source(
        from number: UInt64, in transaction: borrowing ReadTransaction
    ) throws -> (source: CompactionSource, fields: Set<UInt32>)? {
        let range = KeyRange(from: key(number), upTo: KeyRange(prefix: KeyBuilder.key(shard, entity: entity)).upper)
        var found: (source: CompactionSource, fields: Set<UInt32>)?
        var next: UInt64?
        try transaction.scan(.segments, range) { key, value in
            let number = try KeyTail(.segments, key).number(at: 4)
            guard found == nil else {
                next = number
                return .stop
            }
            do throws(Damage) {
                let layout = try SegmentLayout(value, in: 0..<max(0, value.count - 8))
                found = (
                    CompactionSource(number: number, bytes: value.count, records: layout.rowCount, droppable: 0),
                    Set(layout.columns.map(\.field))
                )
            } catch {
                throw StoreDamage.error(.segments, Array(key), error.detail)
            }
            return .next
        }
        guard var found else { return nil }
        found.source.droppable = try droppable(found.source.number, upTo: next, in: transaction)
        return found
    }

    /// How many dead records with places from `number` to below `next` nobody needs.
    private func droppable(
        _ number: UInt64, upTo next: UInt64?, in transaction: borrowing ReadTransaction
    ) throws -> Int {
        let all = KeyRange(prefix: KeyBuilder.key(shard, entity: entity))
        var dead = 0
        try transaction.scan(.deadSlots, KeyRange(from: key(number), upTo: next.map { key($0) } ?? all.upper)) {
            key, value in
            dead += try DeadSlots(Array(value), key: Array(key)).count
            return .next
        }
        let end = next.map { firstNeeded($0 << 16) } ?? needed.count
        return max(0, dead - (end - firstNeeded(number << 16)))
    }
}
