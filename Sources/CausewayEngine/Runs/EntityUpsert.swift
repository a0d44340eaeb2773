import CausewayCore
import CausewayIngest
import CausewayMessages
import CausewayStore

/// One entity at work in a run: takes parsed batches in, one after the other, each as part of a unit.
///
/// It runs ahead of the store by one unit: ``committed()`` says that the unit is on disk. After a refused unit it is
/// not to be used any more.
struct EntityUpsert: ~Copyable {
    private var state: EntityState
    private var pending: EntityState?
    private var writer: EntityWriter
    private var nextQuarantined: UInt64
    private let context: EngineContext
    private let primaryKey: [String]
    /// When the run began: columns seen in it count as seen then, so that a run changes them once.
    private let runStart: Timestamp
    private var hasSeenColumns = false

    var entityNumber: UInt32 { state.entity.number }

    init(
        _ entity: EntityPlan, of shard: ShardID, runStart: Timestamp, context: EngineContext
    ) throws(CausewayError) {
        (state, nextQuarantined) = try context.readStore { transaction in
            (
                try EntityState.loadOrMake(in: transaction, shard, entity.entity, now: runStart),
                try QuarantineTable.latestSequence(in: transaction, shard) + 1
            )
        }
        writer = EntityWriter(seed: context.environment.contentSeed)
        primaryKey = entity.format.primaryKey
        self.runStart = runStart
        self.context = context
    }

    /// Takes a batch in: its records, its rejected rows, its columns.
    ///
    /// - Returns: what became of each of its rows.
    mutating func take(
        _ batch: ParsedBatch, from path: String, run: UInt64, at now: Timestamp, into unit: inout CommitUnit
    ) throws(CausewayError) -> StoredCounters {
        var counts = StoredCounters()
        var types = TypeProposer(columnCount: batch.header.count)
        types.observe(batch.rows)
        let update = try observe(zip(batch.header, types.types))
        do {
            let prepared = try writer.prepare(
                batch.rows, fieldNumbers: update.fieldNumbers, state: update.state,
                provenance: Provenance(run: run, source: path, importTime: now), date: try localDate(now),
                reading: context.store)
            unit.mutations += prepared.mutations
            pending = prepared.state
            counts.rowsNew = Int64(prepared.counts.new)
            counts.rowsUpdated = Int64(prepared.counts.updated)
            counts.rowsUnchanged = Int64(prepared.counts.unchanged)
        } catch {
            throw .wrapping(error)
        }
        for rejected in batch.rejected {
            var row = StoredQuarantinedRow(rejected)
            row.entity = state.id
            row.run = run
            row.createMicros = now.micros
            row.source = path
            try QuarantineTable.put(into: &unit, nextQuarantined, row)
            nextQuarantined += 1
        }
        counts.rowsQuarantined = Int64(batch.rejected.count)
        counts.rowsRead = Int64(batch.rowsRead)
        return counts
    }

    /// Takes columns up without any rows: what a metadata fetch does.
    mutating func takeUp(
        _ columns: some Sequence<(String, FieldType?)>, into unit: inout CommitUnit
    ) throws(CausewayError) -> SchemaUpdate {
        var update = try observe(columns)
        unit.mutations += try update.state.seal()
        pending = update.state
        return update
    }

    /// Marks the fields that the run has not seen, once it has seen any.
    mutating func markMissing(into unit: inout CommitUnit) throws(CausewayError) {
        guard hasSeenColumns else { return }
        var marked = SchemaUpdate.markingMissing(in: state, notSeenSince: runStart)
        unit.mutations += try marked.seal()
        pending = marked
    }

    mutating func committed() {
        if let pending { state = pending }
        pending = nil
    }

    private mutating func observe(
        _ columns: some Sequence<(String, FieldType?)>
    ) throws(CausewayError) -> SchemaUpdate {
        hasSeenColumns = true
        var update = try SchemaUpdate.takingUp(
            columns.map { ObservedColumn(label: $0.0, type: $0.1) }, primaryKey: primaryKey, into: state, now: runStart)
        update.state.entity.metadataFetchMicros = max(state.entity.metadataFetchMicros, runStart.micros)
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
    fileprivate init(_ rejected: RejectedRow) {
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
