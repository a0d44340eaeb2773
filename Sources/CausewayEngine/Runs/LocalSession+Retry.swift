import CausewayCore
import CausewayIngest
import CausewayMessages
import CausewayStore

extension LocalSession {
    /// Reads rows in quarantine again, a page at a time: those that can be taken leave quarantine in the unit that takes
    /// them, the others stay with what keeps them now. One whose record came later than it leaves quarantine as well, and
    /// the record stays: it is counted as unchanged and superseded.
    ///
    /// May end between any two units: rows that stayed are tried again by the run that goes on.
    mutating func retry(_ entities: [EntitySettings]) async throws(CausewayError) {
        guard let subject = QuarantineSubject(text: plan.scope.subject) else {
            throw .invalid("subject", "\"\(plan.scope.subject)\" are no rows in quarantine.")
        }
        var plans: [String: EntityPlan] = [:]
        for settings in entities { plans[settings.entity] = try EntityPlan(settings) }
        // All of them: an interrupted run that this one goes on from may have taken the last row of one and not settled.
        written = entities.map(\.entity)
        var after: UInt64? = 0
        while let start = after {
            guard !Task.isCancelled else { throw .cancelled }
            let page = try page(of: subject, after: start)
            var rest = page.rows[...]
            while let first = rest.first {
                let group = rest.prefix { $0.row.entity == first.row.entity && $0.row.source == first.row.source }
                rest = rest.dropFirst(group.count)
                try await retry(group.map(\.sequence), of: first.row.entity, from: first.row.source, plans)
            }
            after = page.next
        }
        let counters = account.stored.counters.orEmpty
        account.say(
            .info, "rows in quarantine were read again",
            [
                "rows": String(counters.rowsRead),
                "taken": String(counters.rowsRead - counters.rowsQuarantined),
                "stay": String(counters.rowsQuarantined), "superseded": String(counters.rowsSuperseded),
            ])
    }

    private func page(
        of subject: QuarantineSubject, after start: UInt64
    ) throws(CausewayError) -> (rows: [QuarantineTable.Entry], next: UInt64?) {
        try context.readStore { transaction in
            switch subject {
            case .row(let number):
                let row = try QuarantineTable.get(in: transaction, shard, number)
                return (row.map { [QuarantineTable.Entry(sequence: number, row: $0)] } ?? [], nil)
            case .run(let run):
                return try QuarantineTable.listOldestFirst(
                    in: transaction, shard, after: start, run: run, limit: 1_000, byteLimit: RowBatch.textTarget)
            case .all:
                return try QuarantineTable.listOldestFirst(
                    in: transaction, shard, after: start, limit: 1_000, byteLimit: RowBatch.textTarget)
            }
        }
    }

    /// Rows of one file, under the connection's gate: people may drop some of them meanwhile.
    private mutating func retry(
        _ numbers: [UInt64], of entity: String, from source: String, _ plans: [String: EntityPlan]
    ) async throws(CausewayError) {
        var work = RetriedRows(entity: entity, source: source)
        var rest = numbers[...]
        var upsert: EntityUpsert?
        if let plan = plans[entity] { upsert = try await self.upsert(of: plan) }
        await connection.writing.enter()
        defer { connection.writing.leave() }
        try upsert?.refresh(edits: connection.writing.edits)
        var reader: QuarantinedRowReader?
        if let plan = plans[entity], let number = upsert?.entityNumber {
            reader = QuarantinedRowReader(plan.format, try format(of: source, number))
        }
        while let number = rest.popFirst() {
            guard let row = try context.readStore({ try QuarantineTable.get(in: $0, shard, number) }) else { continue }
            let reading =
                reader?.read(row)
                ?? .stays(reason: row.reason, message: "The connection does not fetch \(entity) any more.")
            if try work.add(QuarantineTable.Entry(sequence: number, row: row), reading) { continue }
            try await store(&work, &upsert)
            _ = try work.add(QuarantineTable.Entry(sequence: number, row: row), reading)
        }
        try await store(&work, &upsert)
    }

    private func format(of source: String, _ entity: UInt32) throws(CausewayError) -> StoredFileFormat? {
        try context.readStore { try FileTable.get(in: $0, shard, entity: entity, source) }?.format
    }

    private mutating func store(_ work: inout RetriedRows, _ upsert: inout EntityUpsert?) async throws(CausewayError) {
        guard !work.isEmpty else { return }
        let now = context.clock.now
        var unit = context.unit(of: shard)
        var counts = StoredCounters()
        do throws(CausewayError) {
            if let batch = work.takeBatch() {
                counts =
                    try upsert?.take(
                        batch.header, batch.rows, rejected: [], retried: work.places, from: work.source,
                        run: plan.number, at: now, into: &unit)
                    ?? counts
            }
        } catch {
            guard case .held(let error) = FetchProblem.schema(error) else { throw error }
            work.keepAll(error)
        }
        var counters = try context.readStore { try QuarantineCounters(in: $0, shard) }
        for entry in work.taken { QuarantineTable.delete(from: &unit, entry.sequence) }
        for entry in work.changed { try QuarantineTable.put(into: &unit, entry.sequence, entry.row) }
        if !work.taken.isEmpty {
            counters.remove(work.taken.count, of: work.entity)
            counters.put(into: &unit)
        }
        counts.rowsQuarantined = Int64(work.stayed)
        counts.rowsRead = Int64(work.taken.count + work.stayed)
        account.count(work.entity) { $0 += counts }
        try await commit(unit, activity: "reading rows in quarantine again")
        upsert?.committed()
        work.reset()
    }
}

/// Rows of one file on their way out of quarantine, or not.
struct RetriedRows: ~Copyable {
    let entity: String
    let source: String
    private var header: [String] = []
    private var builder: RowBatchBuilder?
    /// Taken, once the unit is committed.
    private(set) var taken: [QuarantineTable.Entry] = []
    /// Of the rows that can be taken, where they stood.
    var places: [RetriedRow] { taken.map { RetriedRow(place: $0.row.place, sequence: $0.sequence) } }
    /// Staying, for another reason than before.
    private(set) var changed: [QuarantineTable.Entry] = []
    private(set) var stayed = 0

    init(entity: String, source: String) {
        self.entity = entity
        self.source = source
    }

    var isEmpty: Bool { taken.isEmpty && stayed == 0 }

    /// - Returns: false when the row's columns are not those of the rows before: store those first.
    mutating func add(
        _ entry: QuarantineTable.Entry, _ reading: QuarantinedRowReader.Reading
    ) throws(CausewayError) -> Bool {
        switch reading {
        case .stays(let reason, let message):
            keep(entry, reason, message)
        case .taken(let header, let row):
            if builder == nil {
                self.header = header
                builder = try RowBatchBuilder(columnCount: row.columnCount)
            }
            guard header == self.header else { return false }
            for column in 0..<row.columnCount {
                if let bytes = row.bytes(row: 0, column: column) {
                    bytes.withUnsafeBytes { builder?.append($0) }
                } else {
                    builder?.appendNull()
                }
            }
            // As many cells as there are columns and bytes as a row may have, or it was no row of the reader's.
            _ = builder?.endRow(sourceRow: entry.row.sourceRow, line: entry.row.line)
            taken.append(entry)
        }
        return true
    }

    private mutating func keep(_ entry: QuarantineTable.Entry, _ reason: String, _ message: String) {
        stayed += 1
        guard entry.row.reason != reason || entry.row.message != message else { return }
        var entry = entry
        entry.row.reason = reason
        entry.row.message = message
        changed.append(entry)
    }

    /// The rows that can be taken, nil when there are none.
    mutating func takeBatch() -> (header: [String], rows: RowBatch)? {
        guard !taken.isEmpty, let rows = builder?.take() else { return nil }
        return (header, rows)
    }

    /// None of the rows can be taken after all.
    mutating func keepAll(_ error: CausewayError) {
        let entries = taken
        taken = []
        for entry in entries { keep(entry, error.reason, error.message) }
    }

    mutating func reset() {
        builder = nil
        taken = []
        changed = []
        stayed = 0
    }
}
