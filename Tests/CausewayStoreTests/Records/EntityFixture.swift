import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayStore

/// An entity in a store of its own, imported into batch by batch.
struct EntityFixture {
    let store: any Store
    let ownership = Ownership(shard: testShard, epoch: 1)
    var state: EntityState
    var counts = UpsertCounts()
    var run: UInt64 = 1
    var date = LocalDate(daysSinceEpoch: 20_000)
    var now = Timestamp(seconds: 1_800_000_000)
    private var nextRow: Int64 = 1

    init(_ store: any Store = MemoryStore(), id: String = "customers") {
        self.store = store
        state = EntityState(shard: testShard, id: id, number: 1, createTime: now)
    }

    /// Imports rows as one batch.
    @discardableResult
    mutating func take(
        _ columns: [String], _ rows: [[String?]], key: [String]? = nil, source: String = "/in/a.csv",
        firstRow: Int64? = nil
    ) async throws -> UpsertCounts {
        let batch = try rowBatch(rows, columns: columns.count, firstRow: firstRow ?? nextRow)
        nextRow += Int64(rows.count)
        let observed = columns.map { ObservedColumn(label: $0, type: .text) }
        let schema = try SchemaUpdate.takingUp(observed, primaryKey: key, into: state, now: now)
        var writer = EntityWriter(seed: testSeed)
        let provenance = Provenance(run: run, source: source, importTime: now)
        let prepared = try writer.prepare(
            batch, fieldNumbers: schema.fieldNumbers, state: schema.state, provenance: provenance, date: date,
            reading: store)
        #expect(prepared.counts.sum == rows.count)
        try await store.commit(CommitUnit(ownership, prepared.mutations))
        state = prepared.state
        counts.new += prepared.counts.new
        counts.updated += prepared.counts.updated
        counts.unchanged += prepared.counts.unchanged
        return prepared.counts
    }

    func stored() throws -> EntityState? { try store.read { try EntityState.load(in: $0, testShard, state.id) } }

    func export(_ format: ExportFormat = .csv, piece: Int = 100) throws -> String {
        var export = try store.read { try EntityExport(state, format, in: $0) }
        var bytes: [UInt8] = []
        while let next = try export.next(reading: store, size: piece) { bytes += next }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Looks at every segment, dead slot and key: each record has one key, each key one record, and the kept figures
    /// are those of a recount.
    func audit() throws {
        let keys = KeyRange(prefix: KeyBuilder.key(testShard, entity: state.entity.number))
        try store.read { transaction in
            var living: Set<RecordPlace> = []
            var rowCounts: [UInt32: Int64] = [:]
            var valueCounts: [UInt32: Int64] = [:]
            try transaction.scan(.segments, keys) { key, value in
                let number = try KeyTail(.segments, key).number(at: 4)
                let segment = try SegmentReader(Array(value), key: Array(key), number: number)
                let dead = try SegmentTable.deadSlots(number, of: state.entity.number, testShard, in: transaction)
                let slots = (0..<segment.rowCount).filter { !dead.contains($0) }.map(UInt16.init)
                for slot in slots { living.insert(RecordPlace(segment: number, slot: slot)) }
                for (field, count) in zip(segment.fields, try segment.valueCounts(slots)) {
                    rowCounts[field, default: 0] += Int64(slots.count)
                    valueCounts[field, default: 0] += Int64(count)
                }
                return .next
            }
            #expect(state.entity.recordCount == Int64(living.count))
            for field in state.fields {
                #expect(field.stored.rowCount == rowCounts[field.number] ?? 0)
                #expect(field.stored.valueCount == valueCounts[field.number] ?? 0)
            }
            try transaction.scan(.keys, keys) { _, value in
                let entry = try #require(KeyIndex.decode(value))
                #expect(living.remove(entry.place) != nil)
                return .next
            }
            #expect(living.isEmpty)
        }
    }

    /// All records by pages, the last imported first.
    func latest(page: Int = 7) throws -> [StoredRecord] {
        var records: [StoredRecord] = []
        var cursor: RecordPlace?
        repeat {
            let found = try store.read {
                try EntityReader.latest(
                    in: $0, state, fields: state.fieldsByPosition, before: cursor, limit: page)
            }
            records += found.records
            cursor = found.next
        } while cursor != nil
        return records
    }
}

/// What an entity should hold, done the simple way.
struct EntityModel {
    struct Record: Equatable {
        var key: [String]
        var carried: Set<String>
        var values: [String: String]
    }

    let key: [String]
    var labels: [String] = []
    /// In the order in which they were last new or updated.
    var records: [Record] = []
    var counts = UpsertCounts()

    init(key: [String]) { self.key = key }

    mutating func take(_ columns: [String], _ rows: [[String?]], positions: [String] = []) {
        for column in columns where !labels.contains(column) { labels.append(column) }
        for (index, row) in rows.enumerated() {
            var values: [String: String] = [:]
            for (label, cell) in zip(columns, row) { values[label] = cell }
            let identity = key.isEmpty ? [positions[index]] : key.map { values[$0] ?? "" }
            let record = Record(key: identity, carried: Set(columns), values: values)
            guard let known = records.firstIndex(where: { $0.key == identity }) else {
                counts.new += 1
                records.append(record)
                continue
            }
            if records[known].values == values {
                counts.unchanged += 1
            } else {
                counts.updated += 1
                records.remove(at: known)
                records.append(record)
            }
        }
    }

    func csv() -> String {
        func cell(_ text: String?) -> String {
            guard let text else { return "" }
            let isPlain = !text.isEmpty && !text.unicodeScalars.contains { ",\"\r\n".unicodeScalars.contains($0) }
            guard !isPlain else { return text }
            return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }
        let lines = [labels.map { cell($0) }] + records.map { record in labels.map { cell(record.values[$0]) } }
        return lines.map { $0.joined(separator: ",") + "\n" }.joined()
    }
}
