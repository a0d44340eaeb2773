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
    /// The first segment of the run.
    var firstSegment: UInt64 = 1
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
            firstSegmentOfRun: firstSegment, reading: store)
        #expect(prepared.counts.sum == rows.count)
        try await store.commit(CommitUnit(ownership, prepared.mutations))
        state = prepared.state
        counts.new += prepared.counts.new
        counts.updated += prepared.counts.updated
        counts.unchanged += prepared.counts.unchanged
        counts.superseded += prepared.counts.superseded
        return prepared.counts
    }

    mutating func beginRun() {
        run += 1
        firstSegment = state.nextSegment
    }

    /// Takes the next step of a merge of keys.
    ///
    /// - Returns: whether there was one.
    func mergeStep(slice: Int = KeyMergePlan.slice) async throws -> Bool {
        let mutations = try store.read {
            try KeyIndex.mergeStep(testShard, entity: state.entity.number, seed: testSeed, slice: slice, in: $0)
        }
        guard let mutations else { return false }
        try await store.commit(CommitUnit(ownership, mutations))
        return true
    }

    func stored() throws -> EntityState? { try store.read { try EntityState.load(in: $0, testShard, state.id) } }

    func export(_ format: ExportFormat = .csv, piece: Int = 100) throws -> String {
        var export = try store.read { try EntityExport(state, format, in: $0) }
        var bytes: [UInt8] = []
        while let next = try export.next(reading: store, size: piece) { bytes += next }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Gives the space of replaced records back, at most so many units of it.
    mutating func compact(_ limits: CompactionLimits = CompactionLimits(), units: Int = .max) async throws
        -> Compaction.Report
    {
        guard
            var compaction = try Compaction.begin(
                state.id, testShard, seed: testSeed, limits: limits, reading: store)
        else { return Compaction.Report() }
        var left = units
        while left > 0, let mutations = try compaction.next(reading: store) {
            guard !mutations.isEmpty else { continue }
            left -= 1
            try await store.commit(CommitUnit(ownership, mutations))
        }
        return compaction.report
    }

    /// Forgets the replaced records, as settling does when all its tables are saved.
    func dropJournal() async throws {
        let prefix = KeyBuilder.key(testShard, entity: state.entity.number)
        try await store.commit(CommitUnit(ownership, [.deletePrefix(.killed, prefix: prefix, limit: 1_000)]))
    }

    /// Looks at every segment, dead slot and key: each record has one key, each key one record, and dead slots are those
    /// of the journal of replaced records, unless some of it was dropped.
    func audit(hasWholeJournal: Bool = true) throws {
        let all = KeyRange(prefix: KeyBuilder.key(testShard, entity: state.entity.number))
        try store.read { transaction in
            var living: Set<RecordPlace> = []
            var dead: [UInt64] = []
            try transaction.scan(.segments, all) { key, value in
                let number = try KeyTail(.segments, key).number(at: 4)
                let segment = try SegmentReader(Array(value), key: Array(key), number: number)
                for place in try segment.places() {
                    let slots = try SegmentTable.deadSlots(
                        place.segment, of: state.entity.number, testShard, in: transaction)
                    if slots.contains(Int(place.slot)) { dead.append(place.packed) } else { living.insert(place) }
                }
                return .next
            }
            #expect(state.entity.recordCount == Int64(living.count))
            for entry in try indexEntries(entity: state.entity.number, in: transaction).values {
                #expect(living.remove(RecordPlace(packed: entry.place)) != nil)
            }
            #expect(living.isEmpty)
            var killed: [UInt64] = []
            try transaction.scan(.killed, all) { _, value in
                let places = stride(from: 0, to: value.count, by: 8).map {
                    UInt64(littleEndian: value.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
                }
                #expect(places == places.sorted())
                killed += places
                return .next
            }
            if hasWholeJournal { #expect(killed.sorted() == dead.sorted()) }
            #expect(Set(dead).isSuperset(of: killed))
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

extension CompactionLimits {
    /// Limits that have something done with few records.
    static func random(_ random: inout RowRandom) -> CompactionLimits {
        var limits = CompactionLimits()
        limits.deadPercent = [10, 50][random.below(2)]
        limits.smallSegments = random.below(3) + 2
        limits.segmentRecords = [30, 200, 4_096][random.below(3)]
        limits.unitBytes = [2_000, 4 << 20][random.below(2)]
        limits.unitText = [500, 8 << 20][random.below(2)]
        limits.unitSegments = random.below(8) + 2
        return limits
    }
}

/// All entries of an entity's index, read the simple way: run by run, the oldest first.
func indexEntries(
    entity: UInt32, in transaction: borrowing ReadTransaction
) throws -> [[UInt8]: KeyEntry] {
    var entries: [[UInt8]: KeyEntry] = [:]
    for run in try StoredKeyRuns(testShard, entity: entity, in: transaction).list.runs {
        let prefix = KeyIndex.runPrefix(testShard, entity, run.id)
        var reader = KeyBlockReader()
        var count = 0
        try transaction.scan(.keys, KeyRange(prefix: prefix)) { _, block in
            try reader.open(block)
            while try reader.next() {
                entries[Array(reader.key)] = reader.entry
                count += 1
            }
            return .next
        }
        #expect(count == run.count)
    }
    return entries
}

/// What an entity should hold, done the simple way.
struct EntityModel {
    struct Record: Equatable {
        var key: [String]
        var carried: Set<String>
        var values: [String: String]
        var run = 0
        /// Source and row.
        var position = ""
    }

    let key: [String]
    var labels: [String] = []
    /// In the order in which they were last new or updated.
    var records: [Record] = []
    var counts = UpsertCounts()
    var run = 0

    init(key: [String]) { self.key = key }

    mutating func take(_ columns: [String], _ rows: [[String?]], positions: [String] = []) {
        for column in columns where !labels.contains(column) { labels.append(column) }
        for (index, row) in rows.enumerated() {
            var values: [String: String] = [:]
            for (label, cell) in zip(columns, row) { values[label] = cell }
            let identity = key.isEmpty ? [positions[index]] : key.map { values[$0] ?? "" }
            var record = Record(key: identity, carried: Set(columns), values: values, run: run)
            if !positions.isEmpty { record.position = positions[index] }
            guard let known = records.firstIndex(where: { $0.key == identity }) else {
                counts.new += 1
                records.append(record)
                continue
            }
            if records[known].values == values {
                counts.unchanged += 1
            } else {
                counts.updated += 1
                if records[known].run == run { counts.superseded += 1 }
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
