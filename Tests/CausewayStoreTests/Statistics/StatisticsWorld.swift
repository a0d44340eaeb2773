import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayStore

/// An entity whose records come, go and change shape at random.
struct StatisticsWorld {
    let store: any Store
    let limits: StatisticsLimits
    let key: [String]
    var random: RowRandom
    var state: EntityState
    private var columns = ["id", "kind", "n", "t", "x", "wide"]
    private var nextRow: Int64 = 1
    private var wideNumbers = true
    private var numberKind = 0
    private let ownership = Ownership(shard: testShard, epoch: 1)
    private var now = Timestamp(seconds: 1_800_000_000)
    private var running: RunningSettlement?
    private var edits: UInt64 = 0

    init(_ store: any Store, seed: UInt64, limits: StatisticsLimits) {
        self.store = store
        self.limits = limits
        random = RowRandom(seed)
        key = [["id"], ["id", "kind"], []][Int(seed % 3)]
        state = EntityState(shard: testShard, id: "things", number: 1, createTime: now)
    }

    /// Takes a batch of random rows in: new, updated and unchanged ones.
    mutating func take() async throws {
        if random.chance(15) { columns.append("later\(columns.count)") }
        if random.chance(12), numberKind < 2 { numberKind += 1 }
        if random.chance(10) { wideNumbers = false }
        var shown = columns.filter { key.contains($0) || random.chance(85) }
        if shown.isEmpty { shown = ["x"] }
        shown.shuffle(using: &random)
        let range = [8, 40, 400].randomElement(using: &random) ?? 8
        let rows = (0..<random.below(60) + 1).map { _ in shown.map { value($0, range) } }
        try await take(shown, rows)
    }

    private mutating func value(_ column: String, _ range: Int) -> String? {
        switch column {
        case "id": return "\(random.below(range))"
        case "kind": return random.chance(50) ? "a" : "b"
        case _ where random.chance(15): return nil
        case "n":
            let whole = random.below(60) - 30
            if numberKind == 2, random.chance(20) { return "about \(whole)" }
            return numberKind > 0 && random.chance(40) ? "\(whole).\(random.below(9) + 1)" : "\(whole)"
        case "t":
            let day = "2024-0\(random.below(9) + 1)-1\(random.below(10))"
            return random.chance(50) ? day : day + "T0\(random.below(10)):00:00Z"
        case "wide": return wideNumbers ? "\(random.below(1_000))" : "w\(random.below(1_000))"
        default:
            let texts = ["", "a", "Ωμέγα", "a", "b", String(repeating: "lång", count: 90), "two words"]
            return texts.randomElement(using: &random)
        }
    }

    private func type(_ column: String, _ values: [String?]) -> FieldType? {
        let values = values.compactMap { $0 }
        guard !values.isEmpty else { return nil }
        if column == "t" { return values.allSatisfy { $0.count == 10 } ? .date : .dateTime }
        if values.allSatisfy({ Int($0) != nil }) { return .integer }
        return values.allSatisfy { Double($0) != nil } ? .decimal : .text
    }

    /// Takes these rows in, in one batch.
    mutating func take(_ columns: [String], _ rows: [[String?]]) async throws {
        let batch = try rowBatch(rows, columns: columns.count, firstRow: nextRow)
        nextRow += Int64(rows.count)
        now = Timestamp(micros: now.micros + 1)
        let observed = columns.enumerated().map { index, label in
            ObservedColumn(label: label, type: type(label, rows.map { $0[index] }))
        }
        let schema = try SchemaUpdate.takingUp(observed, primaryKey: key, into: state, now: now)
        var writer = EntityWriter(seed: testSeed)
        let provenance = Provenance(run: 1, source: "/in/a.csv", importTime: now)
        let prepared = try writer.prepare(
            batch, fieldNumbers: schema.fieldNumbers, state: schema.state, provenance: provenance,
            date: LocalDate(daysSinceEpoch: 20_000), firstSegmentOfRun: state.nextSegment, reading: store)
        try await commit(prepared.mutations)
        state = prepared.state
    }

    /// Settles; with `lost`, stops before that unit, which is lost.
    ///
    /// - Returns: nil when it was stopped.
    mutating func settle(_ mode: Settlement.Mode = .incremental, lost: Int = .max) async throws -> [FigureDifference]? {
        let ahead = running
        running = nil
        guard
            var settlement = try Settlement.begin(
                state.id, testShard, seed: testSeed, mode: mode, now: now, limits: limits, after: ahead, reading: store)
        else { return [] }
        var units = 0
        while let mutations = try settlement.next(reading: store) {
            guard !mutations.isEmpty else { continue }
            guard units < lost else { return nil }
            units += 1
            try await commit(mutations)
        }
        state = settlement.state
        return settlement.differences
    }

    /// Counts some of what has come, as a run does that goes on.
    mutating func countAhead() throws {
        let ahead = running ?? RunningSettlement(state.id, testShard, seed: testSeed, limits: limits)
        _ = try ahead.advance(edits: edits, now: now, reading: store)
        running = ahead
    }

    /// Counts anew, writing nothing.
    func recount() throws -> (state: EntityState, differences: [FigureDifference]) {
        guard
            var settlement = try Settlement.begin(
                state.id, testShard, seed: testSeed, mode: .recount, now: now, limits: limits, reading: store)
        else { return (state, []) }
        while try settlement.next(reading: store) != nil {}
        return (settlement.state, settlement.differences)
    }

    /// Changes or removes something of the stored tables of values.
    mutating func damage() async throws {
        var found: [(key: [UInt8], value: [UInt8])] = []
        try store.read { transaction in
            try transaction.scan(.valueTables, KeyRange(prefix: KeyBuilder.key(testShard))) { key, value in
                found.append((Array(key), Array(value)))
                return .next
            }
        }
        guard let (key, value) = found.randomElement(using: &random) else { return }
        if random.chance(30) || value.isEmpty { return try await commit([.delete(.valueTables, key: key)]) }
        var changed = value
        changed[random.below(value.count)] ^= UInt8(1 << random.below(8))
        if random.chance(30) { changed.removeLast(random.below(changed.count)) }
        try await commit([.put(.valueTables, key: key, value: changed)])
    }

    /// Gives the space of replaced records back, or some of it.
    mutating func compact() async throws {
        guard
            var compaction = try Compaction.begin(
                state.id, testShard, seed: testSeed, limits: .random(&random), reading: store)
        else { return }
        while random.chance(90), let mutations = try compaction.next(reading: store) { try await commit(mutations) }
    }

    /// Deletes the entity's data.
    mutating func deleteData() async throws {
        edits += 1
        let current = state
        state = try store.read { try EntityPurge.dropRecords(of: current, in: $0) }
        try await commit(try state.seal())
        while let unit = try store.read({ try EntityPurge.orphans(ownership, in: $0) }) { try await store.commit(unit) }
    }

    func count(_ table: Table) throws -> Int {
        try store.read { try $0.count(table, KeyRange(prefix: KeyBuilder.key(testShard))) }
    }

    private func commit(_ mutations: [Mutation]) async throws {
        guard !mutations.isEmpty else { return }
        try await store.commit(CommitUnit(ownership, mutations))
    }
}
