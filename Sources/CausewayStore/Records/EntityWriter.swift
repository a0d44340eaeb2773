package import CausewayCore
import CausewayMessages

/// Takes batches of rows into an entity: decides on a snapshot what is new, updated and unchanged, encodes what is not
/// unchanged, and gives the changes of the store. Writes nothing itself. Owns scratch memory; whoever holds it works alone with it.
///
/// Between the snapshot and the commit of a batch nobody else may write the entity; guards in the changes see to it.
package struct EntityWriter: ~Copyable, Sendable {
    private let seed: ContentSeed
    private let clock: (@Sendable () -> Int64)?
    private var encoder: SegmentEncoder

    /// - Parameter clock: nanoseconds of a clock that only goes forward, for ``UpsertTimings``.
    package init(seed: ContentSeed, clock: (@Sendable () -> Int64)? = nil) {
        self.seed = seed
        self.clock = clock
        encoder = SegmentEncoder(seed)
    }

    /// The changes that take a batch in.
    package struct Prepared: Sendable {
        /// The entity after the batch: the current one as soon as the changes are committed.
        package var state: EntityState
        /// For a unit of the entity's shard, which may hold other changes too. None when all rows are unchanged.
        package var mutations: [Mutation]
        package var counts: UpsertCounts
        package var timings: UpsertTimings
    }

    /// Decides on `transaction` what becomes of each row.
    ///
    /// - Parameters:
    ///   - fieldNumbers: for each column the number of its field, from ``SchemaUpdate/takingUp(_:primaryKey:into:now:)``.
    ///   - state: the entity, with what is not stored yet.
    ///   - date: the organisation's local date, for the figures of the day.
    ///   - firstSegmentOfRun: what ``EntityState/nextSegment`` was when the run began.
    ///   - retried: of rows out of quarantine, for each where it stood; rows whose record came behind them are counted
    ///     as unchanged and superseded.
    /// - Precondition of use: no row's key has a null or empty part; such rows would all be one record.
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), `COLUMN_MAPPING` (internal) when columns and fields do
    ///   not fit together, and those of the store.
    package func plan(
        _ batch: RowBatch, fieldNumbers: [UInt32], state: EntityState, provenance: Provenance, date: LocalDate,
        firstSegmentOfRun: UInt64, retried: [RetriedRow]? = nil, in transaction: borrowing ReadTransaction
    ) throws -> UpsertPlan {
        let identity = try identity(batch, fieldNumbers, state)
        let entity = state.entity.number
        var timings = UpsertTimings()
        var start = now
        let hashes = RowHasher(seed, fields: contentFields(fieldNumbers, identity)).hashes(of: batch)
        timings.hash = lap(&start)
        let keys = RecordKeys(batch, identity: identity, source: provenance.source, seed: seed)
        let order = KeyOrder(keys)
        timings.sort = lap(&start)
        let runs = try StoredKeyRuns(state.shard, entity: entity, in: transaction)
        let stored = try KeyLookUp.look(
            order, keys, in: runs.list.runs, state.shard, entity: entity, seed: seed, transaction)
        let retryOrder = try retried.map {
            try RetryOrder($0, stored: stored, state.shard, entity: entity, in: transaction)
        }
        let decision = UpsertDecision(
            order, stored: stored, hashes: hashes, firstSegment: firstSegmentOfRun, retryOrder)
        var plan = UpsertPlan(
            batch: batch, fieldNumbers: fieldNumbers, provenance: provenance, date: date, state: state,
            counts: decision.counts, timings: timings, keys: keys, order: order, decision: decision, hashes: hashes,
            retryOrder: retryOrder, runs: runs)
        if decision.takenCount > 0 {
            var places: [UInt64] = []
            for (record, row) in zip(stored, decision.lastRow) where row >= 0 && record.place != .max {
                places.append(record.place)
            }
            places.sort()
            plan.replaced = places.map { RecordPlace(packed: $0) }
            try bury(&plan, in: transaction)
            plan.day = try DayTable.get(in: transaction, state.shard, entity: entity, date) ?? StoredDay()
        }
        plan.timings.lookUp = lap(&start)
        return plan
    }

    /// Makes the changes of a plan. Needs no store.
    ///
    /// - Throws: ``CausewayError``: `VALUE_NOT_STORABLE` (invalid argument) when a field's label holds a NUL character,
    ///   and when the entity has taken more commits than can be numbered.
    package mutating func encode(_ plan: consuming UpsertPlan) throws(CausewayError) -> Prepared {
        var start = now
        var state = plan.state
        var mutations: [Mutation] = []
        if plan.decision.takenCount > 0 {
            let places = try encodeSegments(plan, &state, &mutations)
            try appendKeys(&plan, places, &mutations)
            for (segment, slots) in plan.deadSlots {
                let key = SegmentTable.key(state.shard, state.entity.number, segment)
                mutations.append(.put(.deadSlots, key: key, value: slots.bytes))
            }
            appendKilled(plan, &state, &mutations)
            state.entity.recordCount += Int64(plan.decision.takenCount - plan.replaced.count)
            state.entity.dataUpdateMicros = max(state.entity.dataUpdateMicros, plan.provenance.importTime.micros)
            var unit = CommitUnit(Ownership(shard: state.shard, epoch: 0))
            var day = plan.day
            day.newRecords += Int64(plan.counts.new)
            day.updatedRecords += Int64(plan.counts.updated)
            try DayTable.put(into: &unit, entity: state.entity.number, plan.date, day)
            mutations += unit.mutations
        }
        mutations += try state.seal()
        var timings = plan.timings
        timings.encode = lap(&start)
        return Prepared(state: state, mutations: mutations, counts: plan.counts, timings: timings)
    }

    /// Plans on a snapshot of `store`, then encodes.
    package mutating func prepare(
        _ batch: RowBatch, fieldNumbers: [UInt32], state: EntityState, provenance: Provenance, date: LocalDate,
        firstSegmentOfRun: UInt64, reading store: some Store
    ) throws -> Prepared {
        let decided = try store.read { transaction in
            try plan(
                batch, fieldNumbers: fieldNumbers, state: state, provenance: provenance, date: date,
                firstSegmentOfRun: firstSegmentOfRun, in: transaction)
        }
        return try encode(decided)
    }

    private var now: Int64 { clock?() ?? 0 }

    /// Microseconds since `start`, which becomes now.
    private func lap(_ start: inout Int64) -> Int64 {
        let end = now
        defer { start = end }
        return (end - start) / 1_000
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

    /// Marks replaced records dead.
    private func bury(_ plan: inout UpsertPlan, in transaction: borrowing ReadTransaction) throws {
        let (shard, entity) = (plan.state.shard, plan.state.entity.number)
        var rest = plan.replaced[...]
        while let first = rest.first {
            let group = rest.prefix { $0.segment == first.segment }
            rest = rest.dropFirst(group.count)
            var dead = try SegmentTable.deadSlots(first.segment, of: entity, shard, in: transaction)
            for place in group where !dead.insert(place.slot) {
                let key = SegmentTable.key(shard, entity, place.segment)
                throw StoreDamage.error(.deadSlots, key, "a record of the index is dead already")
            }
            plan.deadSlots.append((first.segment, dead))
        }
    }

    /// - Returns: for each row that became a record its place, by row.
    private mutating func encodeSegments(
        _ plan: borrowing UpsertPlan, _ state: inout EntityState, _ mutations: inout [Mutation]
    ) throws(CausewayError) -> [RecordPlace] {
        let all = plan.rows
        let fields = plan.fieldNumbers.enumerated().map { (column: $0, field: $1) }
        let parts = SegmentParting(all.count)
        var places = [RecordPlace](repeating: RecordPlace(segment: 0, slot: 0), count: plan.batch.rowCount)
        for part in 0..<parts.count {
            let rows = all[parts[part]]
            let number = state.nextSegment
            // The index of keys has 32 bits for it.
            guard number <= UInt64(UInt32.max) else {
                throw CausewayError.invalid("entity", "The entity has no numbers for further segments left.")
            }
            state.entity.nextSegment = number + 1
            let segment = encoder.encode(plan.batch, rows: rows, fields: fields, provenance: plan.provenance)
            let key = SegmentTable.key(state.shard, state.entity.number, number)
            mutations.append(.append(.segments, key: key, value: segment.bytes))
            if let retried = plan.retryOrder {
                mutations.append(.put(.retried, key: key, value: retried.bytes(of: rows)))
            }
            for (slot, row) in rows.enumerated() {
                places[Int(row)] = RecordPlace(segment: number, slot: UInt16(slot))
            }
        }
        return places
    }

    private func appendKeys(
        _ plan: inout UpsertPlan, _ places: [RecordPlace], _ mutations: inout [Mutation]
    ) throws(CausewayError) {
        let entity = plan.state.entity.number
        let id = try plan.runs.list.takeNumber()
        var writer = KeyRunWriter(
            id, plan.state.shard, entity: entity, seed: seed, capacity: plan.decision.takenCount)
        plan.keys.bytes.withUnsafeBytes { bytes in
            for row in plan.decision.lastRow where row >= 0 {
                let key = UnsafeRawBufferPointer(rebasing: bytes[plan.keys.range(Int(row))])
                writer.append(key, KeyEntry(place: places[Int(row)], hash: plan.hashes[Int(row)]))
            }
        }
        guard let made = writer.finish(level: 0) else { return }
        plan.runs.list.runs.append(made.run)
        mutations += made.mutations
        mutations += plan.runs.mutations
    }

    /// The entry of the journal of replaced records: 8 bytes each, in order. A batch has at most 512 KiB of them.
    private func appendKilled(
        _ plan: borrowing UpsertPlan, _ state: inout EntityState, _ mutations: inout [Mutation]
    ) {
        guard !plan.replaced.isEmpty else { return }
        var places: [UInt8] = []
        places.reserveCapacity(8 * plan.replaced.count)
        for place in plan.replaced { places.appendFixed(place.packed) }
        let key = KeyBuilder.key(state.shard, entity: state.entity.number, state.entity.nextKilled)
        mutations.append(.append(.killed, key: key, value: places))
        state.entity.nextKilled += 1
    }
}
