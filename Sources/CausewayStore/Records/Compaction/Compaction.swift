package import CausewayCore
import CausewayMessages

/// Gives the space of replaced records back, unit by unit.
///
/// Segments are immutable, and a record that is replaced stays in its segment as a dead slot. Compaction removes segments
/// without a record that is needed, and writes neighbours anew, without the dead, as one:
///
/// - A record's place is for good. It is what the index of keys, the journal of replaced records and page tokens know a
///   record by, and none of them changes. A compacted segment has the number of its first source, and says of each of
///   its records which place and provenance it has (``SegmentPart``). The record of a place is in the segment with the
///   highest number that is not above the place's. The order of places stays that of segments and slots.
/// - A dead record stays while an entry of the journal names it: settling has yet to take it away from a table. And
///   segments on both sides of where a stored table ends are not put together. So figures are as they would be without.
/// - Only segments with the same fields are put together: a record carries what it carried.
///
/// Each unit is whole by itself, and what is left is found again, so that it may stop anywhere. To be used as
/// ``Settlement`` is, with nobody else at work on the entity's records, settling included; units are guarded and refused
/// with `COMMIT_CONFLICT` when the entity is another one meanwhile. Readers look at a snapshot and see one or the other.
package struct Compaction: ~Copyable, Sendable {
    /// What was done, in units that ``next(reading:)`` gave.
    package struct Report: Hashable, Sendable {
        /// Segments that are no longer there.
        package var removedSegments = 0
        /// Segments that took their place.
        package var writtenSegments = 0
        /// Dead records that are no longer there.
        package var removedRecords: Int64 = 0
        /// Records that were written anew.
        package var movedRecords: Int64 = 0
        /// Bytes of the segments that were taken and that took their place.
        package var bytesBefore: Int64 = 0
        package var bytesAfter: Int64 = 0

        package init() {}

        package static func += (a: inout Report, b: Report) {
            a.removedSegments += b.removedSegments
            a.writtenSegments += b.writtenSegments
            a.removedRecords += b.removedRecords
            a.movedRecords += b.movedRecords
            a.bytesBefore += b.bytesBefore
            a.bytesAfter += b.bytesAfter
        }
    }

    package private(set) var report = Report()
    private let plan: CompactionPlan
    private let guardMutation: Mutation
    private var encoder: SegmentEncoder
    /// The next segment to look at.
    private var cursor: UInt64 = 0
    private var hasChanged = false
    private var isDone = false

    /// Segments that one call looks at.
    private static let looks = 512

    /// Looks at what must stay; nil when there is no such entity, or too much of it is not settled.
    ///
    /// - Parameters:
    ///   - id: the entity's id.
    ///   - seed: the store's.
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package static func begin(
        _ id: String, _ shard: ShardID, seed: ContentSeed, limits: CompactionLimits = CompactionLimits(),
        reading store: some Store
    ) throws -> Compaction? {
        let key = EntityTable.key(shard, id)
        let found = try store.read { transaction -> (plan: CompactionPlan, guardMutation: Mutation)? in
            guard let state = try EntityState.load(in: transaction, shard, id),
                let stored = try transaction.value(.entities, key),
                let plan = try CompactionPlan(state, limits, in: transaction)
            else { return nil }
            return (plan, .requireEqual(.entities, key: key, value: stored))
        }
        return found.map { Compaction($0.plan, $0.guardMutation, seed) }
    }

    private init(_ plan: CompactionPlan, _ guardMutation: Mutation, _ seed: ContentSeed) {
        self.plan = plan
        self.guardMutation = guardMutation
        encoder = SegmentEncoder(seed)
    }

    /// The next changes, to be committed as one unit of the entity's shard before the next call; empty when there is
    /// nothing to write yet. Nil when all is done.
    ///
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package mutating func next(reading store: some Store) throws -> [Mutation]? {
        guard !isDone else { return nil }
        let (plan, start) = (plan, cursor)
        let found = try store.read { transaction -> (group: CompactionGroup?, work: CompactionWork?, next: UInt64?) in
            var cursor = start
            for _ in 0..<Self.looks {
                let look = try plan.look(from: cursor, in: transaction)
                guard let next = look.next else { return (nil, nil, nil) }
                if let group = look.group, let work = try CompactionWork(group, plan, in: transaction) {
                    return (group, work, work.next)
                }
                cursor = next
            }
            return (nil, nil, cursor)
        }
        guard let next = found.next else {
            // What was put together may now go together with its neighbours.
            isDone = !hasChanged
            hasChanged = false
            cursor = 0
            return isDone ? nil : []
        }
        cursor = next
        guard let work = found.work else { return [] }
        hasChanged = true
        return [guardMutation] + finish(work)
    }

    private mutating func finish(_ work: CompactionWork) -> [Mutation] {
        var mutations = work.changes
        var removed = work.sources[...]
        report.removedSegments += removed.count
        report.removedRecords += Int64(work.removedRecords)
        report.bytesBefore += Int64(removed.reduce(0) { $0 + $1.bytes })
        if let batch = work.batch, let first = removed.popFirst() {
            let segment = encoder.encode(batch, work.parts, as: first.number, fields: work.fields)
            mutations.append(.put(.segments, key: plan.key(first.number), value: segment.bytes))
            report.writtenSegments += 1
            report.movedRecords += Int64(batch.rowCount)
            report.bytesAfter += Int64(segment.bytes.count)
        }
        return mutations + removed.map { .delete(.segments, key: plan.key($0.number)) }
    }
}

/// When segments are worth writing anew, and how much of them at once.
package struct CompactionLimits: Hashable, Sendable {
    /// Of a hundred records of some segments so many must be dead. At rest a store so takes at most twice what its live
    /// records do, and each record that is removed costs at most one that is written.
    package var deadPercent = 50
    /// Segments of which none has more than half of the records of all are put together when they are so many: a record
    /// is written anew for that a dozen times at most.
    package var smallSegments = 4
    /// Records of a segment.
    package var segmentRecords = SegmentFormat.maximumRows
    /// Bytes of the segments that one unit puts together, of their records that stay; and of its texts.
    package var unitBytes = 4 << 20
    package var unitText = RowBatch.textTarget
    /// Segments that one unit puts together or removes.
    package var unitSegments = 64
    /// Entries of the journal of replaced records: with more of them nothing is done until they are settled.
    package var journal = 4 << 20

    package init() {}
}
