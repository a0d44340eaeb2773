package import CausewayCore
import CausewayMessages

/// Takes batches of rows into an entity: decides on a snapshot what is new, updated and unchanged, encodes what is not
/// unchanged, and gives the changes of the store. Writes nothing itself. Owns scratch memory; whoever holds it works alone with it.
///
/// Between the snapshot and the commit of a batch nobody else may write the entity; the unit's guard sees to it.
package struct EntityWriter: ~Copyable, Sendable {
    private let seed: ContentSeed
    private var encoder: SegmentEncoder

    package init(seed: ContentSeed) {
        self.seed = seed
        encoder = SegmentEncoder(seed)
    }

    /// The changes that take a batch in.
    package struct Prepared: Sendable {
        /// The entity after the batch: the current one as soon as the changes are committed.
        package var state: EntityState
        /// For a unit of the entity's shard, which may hold other changes too. None when all rows are unchanged.
        package var mutations: [Mutation]
        package var counts: UpsertCounts
    }

    /// Decides on `transaction` what becomes of each row.
    ///
    /// - Parameters:
    ///   - fieldNumbers: for each column the number of its field, from ``SchemaUpdate/takingUp(_:primaryKey:into:now:)``.
    ///   - state: the entity, with what is not stored yet.
    ///   - date: the organisation's local date, for the figures of the day.
    /// - Precondition of use: no row's key has a null or empty part; such rows would all be one record.
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), `COLUMN_MAPPING` (internal) when columns and fields do
    ///   not fit together, and those of the store.
    package func plan(
        _ batch: RowBatch, fieldNumbers: [UInt32], state: EntityState, provenance: Provenance, date: LocalDate,
        in transaction: borrowing ReadTransaction
    ) throws -> UpsertPlan {
        let identity = try identity(batch, fieldNumbers, state)
        let keys = RecordKeys(batch, identity: identity, source: provenance.source, seed: seed)
        let hashes = RowHasher(seed, fields: contentFields(fieldNumbers, identity)).hashes(of: batch)
        let groups = KeyGroups(keys)
        let order = groups.inKeyOrder(keys)
        let stored = try KeyIndex.look(
            groups, order: order, keys, entity: state.entity.number, state.shard, in: transaction)
        let decision = UpsertDecision(groups, stored: stored, hashes: hashes)
        var plan = UpsertPlan(
            batch: batch, fieldNumbers: fieldNumbers, provenance: provenance, date: date, state: state,
            counts: decision.counts, rows: [], rowsByKey: [], keys: keys, hashes: hashes, replaced: 0, deadSlots: [],
            day: StoredDay())
        plan.rowsByKey = order.map { decision.lastRow[Int($0)] }.filter { $0 >= 0 }
        plan.rows = groups.groupOfRow.indices.map(Int32.init).filter {
            decision.lastRow[Int(groups.groupOfRow[Int($0)])] == $0
        }
        let dead = zip(stored, decision.lastRow).compactMap { entry, row in row >= 0 ? entry?.place : nil }
        plan.replaced = dead.count
        try bury(dead.sorted(), &plan, in: transaction)
        if !plan.rows.isEmpty {
            let day = try DayTable.get(in: transaction, state.shard, entity: state.entity.number, date)
            plan.day = day ?? StoredDay()
        }
        return plan
    }

    /// Makes the changes of a plan. Needs no store.
    ///
    /// - Throws: ``CausewayError`` (invalid argument, `VALUE_NOT_STORABLE`): a field's label holds a NUL character.
    package mutating func encode(_ plan: UpsertPlan) throws(CausewayError) -> Prepared {
        var state = plan.state
        var mutations: [Mutation] = []
        mutations.reserveCapacity(plan.rows.count + plan.deadSlots.count + state.fields.count + 16)
        if !plan.rows.isEmpty {
            let places = encodeSegments(plan, &state, &mutations)
            appendKeys(plan, places, &mutations)
            for (segment, slots) in plan.deadSlots {
                let key = SegmentTable.key(state.shard, state.entity.number, segment)
                mutations.append(.put(.deadSlots, key: key, value: slots.bytes))
            }
            state.entity.recordCount += Int64(plan.rows.count - plan.replaced)
            state.entity.dataUpdateMicros = max(state.entity.dataUpdateMicros, plan.provenance.importTime.micros)
            var unit = CommitUnit(Ownership(shard: state.shard, epoch: 0))
            var day = plan.day
            day.newRecords += Int64(plan.counts.new)
            day.updatedRecords += Int64(plan.counts.updated)
            try DayTable.put(into: &unit, entity: state.entity.number, plan.date, day)
            mutations += unit.mutations
        }
        mutations += try state.seal()
        return Prepared(state: state, mutations: mutations, counts: plan.counts)
    }

    /// Plans on a snapshot of `store`, then encodes.
    package mutating func prepare(
        _ batch: RowBatch, fieldNumbers: [UInt32], state: EntityState, provenance: Provenance, date: LocalDate,
        reading store: some Store
    ) throws -> Prepared {
        let decided = try store.read { transaction in
            try plan(
                batch, fieldNumbers: fieldNumbers, state: state, provenance: provenance, date: date, in: transaction)
        }
        return try encode(decided)
    }

    private func identity(
        _ batch: RowBatch, _ fieldNumbers: [UInt32], _ state: EntityState
    ) throws(CausewayError) -> RecordIdentity {
        let known = Set(state.fields.map(\.number))
        guard fieldNumbers.count == batch.columnCount, Set(fieldNumbers).count == fieldNumbers.count,
            known.isSuperset(of: fieldNumbers), batch.isConsistent
        else { throw mappingError(state) }
        guard !state.entity.primaryKey.isEmpty else { return .sourcePosition }
        var columns: [Int] = []
        for label in state.entity.primaryKey {
            guard let number = state.field(label)?.number, let column = fieldNumbers.firstIndex(of: number) else {
                throw mappingError(state)
            }
            columns.append(column)
        }
        return .primaryKey(columns: columns)
    }

    private func mappingError(_ state: EntityState) -> CausewayError {
        CausewayError(
            .internal, reason: "COLUMN_MAPPING", "The columns of a batch do not fit the fields of \(state.id).",
            metadata: ["entity": state.id])
    }

    /// The fields whose values are content: all but the key's.
    private func contentFields(_ fieldNumbers: [UInt32], _ identity: RecordIdentity) -> [UInt32?] {
        var fields: [UInt32?] = fieldNumbers
        if case .primaryKey(let columns) = identity {
            for column in columns { fields[column] = nil }
        }
        return fields
    }

    /// Marks replaced records dead and takes their values out of the fields' counts.
    private func bury(
        _ places: [RecordPlace], _ plan: inout UpsertPlan, in transaction: borrowing ReadTransaction
    ) throws {
        let state = plan.state
        let indices = Dictionary(uniqueKeysWithValues: state.fields.enumerated().map { ($1.number, $0) })
        var rest = places[...]
        while let first = rest.first {
            let group = rest.prefix { $0.segment == first.segment }
            rest = rest.dropFirst(group.count)
            let entity = state.entity.number
            let segment = try SegmentTable.segment(first.segment, of: entity, state.shard, in: transaction)
            var dead = try SegmentTable.deadSlots(first.segment, of: entity, state.shard, in: transaction)
            for place in group where !dead.insert(place.slot) {
                let key = SegmentTable.key(state.shard, entity, place.segment)
                throw StoreDamage.error(.deadSlots, key, "a record of the index is dead already")
            }
            let counts = try segment.valueCounts(group.map(\.slot))
            for (column, count) in zip(segment.columns, counts) {
                guard let index = indices[column.field] else { continue }
                plan.state.fields[index].stored.rowCount -= Int64(group.count)
                plan.state.fields[index].stored.valueCount -= Int64(count)
            }
            plan.deadSlots.append((first.segment, dead))
        }
    }

    /// - Returns: for each row that became a record its place, by row.
    private mutating func encodeSegments(
        _ plan: UpsertPlan, _ state: inout EntityState, _ mutations: inout [Mutation]
    ) -> [RecordPlace] {
        let fields = plan.fieldNumbers.enumerated().map { (column: $0, field: $1) }
        let indices = Dictionary(uniqueKeysWithValues: state.fields.enumerated().map { ($1.number, $0) })
        let parts = (plan.rows.count + SegmentFormat.maximumRows - 1) / SegmentFormat.maximumRows
        var places = [RecordPlace](repeating: RecordPlace(segment: 0, slot: 0), count: plan.batch.rowCount)
        for part in 0..<parts {
            let rows = plan.rows[plan.rows.count * part / parts..<plan.rows.count * (part + 1) / parts]
            let number = max(1, state.entity.nextSegment)
            state.entity.nextSegment = number + 1
            let segment = encoder.encode(plan.batch, rows: rows, fields: fields, provenance: plan.provenance)
            let key = SegmentTable.key(state.shard, state.entity.number, number)
            mutations.append(.append(.segments, key: key, value: segment.bytes))
            for (slot, row) in rows.enumerated() {
                places[Int(row)] = RecordPlace(segment: number, slot: UInt16(slot))
            }
            for ((_, field), count) in zip(fields, segment.valueCounts) {
                guard let index = indices[field] else { continue }
                state.fields[index].stored.rowCount += Int64(rows.count)
                state.fields[index].stored.valueCount += Int64(count)
            }
        }
        return places
    }

    private func appendKeys(_ plan: UpsertPlan, _ places: [RecordPlace], _ mutations: inout [Mutation]) {
        let prefix = KeyBuilder.key(plan.state.shard, entity: plan.state.entity.number)
        for row in plan.rowsByKey {
            let row = Int(row)
            let tail = plan.keys.bytes[plan.keys.range(row)]
            var key: [UInt8] = []
            key.reserveCapacity(prefix.count + tail.count)
            key.append(contentsOf: prefix)
            key.append(contentsOf: tail)
            let entry = KeyIndex.Entry(place: places[row], hash: plan.hashes[row])
            mutations.append(.put(.keys, key: key, value: KeyIndex.encode(entry)))
        }
    }
}
