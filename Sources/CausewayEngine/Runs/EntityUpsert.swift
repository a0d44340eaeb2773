import CausewayCore
import CausewayIngest
import CausewayMessages
import CausewayStore

/// One entity at work in a run: takes parsed batches in, one after the other, each as part of a unit.
///
/// It runs ahead of the store by one unit: ``committed()`` says that the unit is on disk. After a refused unit it is
/// not to be used any more. To be used by whoever holds the connection's ``WriteGate``.
struct EntityUpsert: ~Copyable {
    private(set) var state: EntityState
    private var pending: EntityState?
    private var writer: EntityWriter
    private let context: EngineContext
    private let meter: StageMeter
    private let primaryKey: [String]
    private let policy: SchemaPolicy
    /// When the run began: columns seen in it count as seen then, so that a run changes them once.
    private let runStart: Timestamp
    private var hasSeenColumns = false
    private var history: MetadataHistory
    private var seenEdits: UInt64
    private let firstSegmentOfRun: UInt64

    var entityNumber: UInt32 { state.entity.number }
    /// What the run changed of the metadata so far.
    var metadataChanges: [StoredFieldChange] { history.changes }

    init(
        _ entity: EntityPlan, of shard: ShardID, run: UInt64, runStart: Timestamp, edits: UInt64, meter: StageMeter,
        context: EngineContext
    ) throws(CausewayError) {
        state = try context.readStore { try EntityState.loadOrMake(in: $0, shard, entity.entity, now: runStart) }
        writer = EntityWriter(seed: context.environment.contentSeed) { [clock = context.clock] in
            clock.uptime.wholeMicroseconds * 1_000
        }
        primaryKey = entity.format.primaryKey
        policy = entity.schemaPolicy
        history = MetadataHistory(since: state, run: run, at: runStart)
        seenEdits = edits
        firstSegmentOfRun = state.nextSegment
        self.runStart = runStart
        self.meter = meter
        self.context = context
    }

    /// Takes up what people edited meanwhile.
    ///
    /// - Parameter edits: the gate's count of edits.
    mutating func refresh(edits: UInt64) throws(CausewayError) {
        guard edits != seenEdits else { return }
        let (shard, id) = (state.shard, state.id)
        if let stored = try context.readStore({ try EntityState.load(in: $0, shard, id) }) { state = stored }
        seenEdits = edits
    }

    /// Takes a batch in: its records, its rejected rows, its columns.
    ///
    /// - Parameter retried: of rows out of quarantine, for each where it stood.
    /// - Returns: what became of each of its rows.
    /// - Throws: ``CausewayError``; `SCHEMA_CHANGED` (failed precondition) when the policy does not take its columns.
    mutating func take(
        _ header: [String], _ rows: RowBatch, rejected: [RejectedRow], retried: [RetriedRow]? = nil,
        from path: String, run: UInt64, at now: Timestamp, into unit: inout CommitUnit
    ) throws(CausewayError) -> StoredCounters {
        var counts = StoredCounters()
        var places = [RecordPlace(segment: state.nextSegment, slot: 0).packed]
        if header.isEmpty {
            // Of JSON, as long as all rows are rejected: nothing is known of the columns.
            var known = state
            unit.mutations += try known.seal()
            pending = known
        } else {
            let types = meter.measure(.scan) { () -> [FieldType?] in
                var types = TypeProposer(columnCount: header.count)
                if !rows.isEmpty { types.observe(rows) }
                return types.types
            }
            let update = try observe(zip(header, types), into: &unit)
            let plan = try plan(rows, update, Provenance(run: run, source: path, importTime: now), retried)
            if !rejected.isEmpty { places = plan.places(before: rejected.map(\.sourceRow)) }
            try write(plan, &counts, into: &unit)
        }
        try quarantine(rejected, at: places, from: path, run: run, now, into: &unit)
        counts.rowsQuarantined = Int64(rejected.count)
        counts.rowsRead = Int64(rows.rowCount + rejected.count)
        return counts
    }

    private func plan(
        _ rows: RowBatch, _ update: SchemaUpdate, _ provenance: Provenance, _ retried: [RetriedRow]?
    ) throws(CausewayError) -> UpsertPlan {
        let date = try localDate(provenance.importTime)
        do {
            return try context.store.read { transaction in
                try writer.plan(
                    rows, fieldNumbers: update.fieldNumbers, state: update.state, provenance: provenance,
                    date: date, firstSegmentOfRun: firstSegmentOfRun, retried: retried, in: transaction)
            }
        } catch {
            throw .wrapping(error)
        }
    }

    private mutating func write(
        _ plan: consuming UpsertPlan, _ counts: inout StoredCounters, into unit: inout CommitUnit
    ) throws(CausewayError) {
        let (bytes, rows) = (plan.byteCount, plan.rowCount)
        let prepared = try writer.encode(plan)
        let timings = prepared.timings
        meter.add(.hash, .microseconds(timings.hash), bytes: bytes, rows: rows)
        meter.add(.sort, .microseconds(timings.sort), rows: rows)
        meter.add(.lookUp, .microseconds(timings.lookUp), rows: rows)
        let taken = prepared.counts.new + prepared.counts.updated
        meter.add(.encode, .microseconds(timings.encode), bytes: bytes, rows: taken)
        unit.mutations += prepared.mutations
        pending = prepared.state
        counts.rowsNew = Int64(prepared.counts.new)
        counts.rowsUpdated = Int64(prepared.counts.updated)
        counts.rowsUnchanged = Int64(prepared.counts.unchanged)
        counts.rowsSuperseded = Int64(prepared.counts.superseded)
    }

    private func quarantine(
        _ rejected: [RejectedRow], at places: [UInt64], from path: String, run: UInt64, _ now: Timestamp,
        into unit: inout CommitUnit
    ) throws(CausewayError) {
        guard !rejected.isEmpty else { return }
        let shard = state.shard
        var counters = try context.readStore { try QuarantineCounters(in: $0, shard) }
        let first = counters.add(rejected.count, of: state.id)
        for (index, rejected) in rejected.enumerated() {
            var row = StoredQuarantinedRow(rejected)
            row.entity = state.id
            row.run = run
            row.createMicros = now.micros
            row.source = path
            // Where no row was taken, all stood at one place.
            row.place = index < places.count ? places[index] : places.last ?? 0
            try QuarantineTable.put(into: &unit, first + UInt64(index), row)
        }
        counters.put(into: &unit)
    }

    /// Takes columns up without any rows: what a metadata fetch does.
    mutating func takeUp(
        _ columns: some Sequence<(String, FieldType?)>, into unit: inout CommitUnit
    ) throws(CausewayError) -> SchemaUpdate {
        var update = try observe(columns, into: &unit)
        unit.mutations += try update.state.seal()
        pending = update.state
        return update
    }

    /// Marks the fields that the run has not seen, once it has seen any.
    mutating func markMissing(into unit: inout CommitUnit) throws(CausewayError) {
        guard hasSeenColumns else { return }
        var marked = SchemaUpdate.markingMissing(in: state, notSeenSince: runStart)
        try history.record(&marked, into: &unit)
        unit.mutations += try marked.seal()
        pending = marked
    }

    mutating func committed() {
        if let pending { state = pending }
        pending = nil
    }

    private mutating func observe(
        _ columns: some Sequence<(String, FieldType?)>, into unit: inout CommitUnit
    ) throws(CausewayError) -> SchemaUpdate {
        var update = try SchemaUpdate.takingUp(
            columns.map { ObservedColumn(label: $0.0, type: $0.1) }, primaryKey: primaryKey, into: state, now: runStart)
        if policy != .accept, history.hadRecords, !update.added.isEmpty || !update.widened.isEmpty {
            throw .schemaChanged(state.id, update, policy)
        }
        hasSeenColumns = true
        update.state.entity.metadataFetchMicros = max(state.entity.metadataFetchMicros, runStart.micros)
        try history.record(&update.state, into: &unit)
        return update
    }

    private func localDate(_ now: Timestamp) throws(CausewayError) -> LocalDate {
        let organisation = try context.readStore { try OrganisationTable.get(in: $0) }
        return try context.environment.zones.local(
            now, in: organisation?.timeZone ?? OrganisationDefaults.timeZone
        ).date
    }
}

extension StoredQuarantinedRow {
    init(_ rejected: RejectedRow) {
        self.init()
        reason = rejected.reason.rawValue
        message = rejected.message
        line = rejected.line
        column = Int32(clamping: rejected.column)
        sourceRow = rejected.sourceRow
        raw = rejected.raw
        truncated = rejected.truncated
    }
}
