import CausewayCore
import Testing

@testable import CausewayStore

/// An index in a store of its own, and what it should hold.
struct IndexFixture {
    let store: any Store
    var model: [[UInt8]: KeyEntry] = [:]
    private var nextPlace: UInt64 = 1 << 16

    init(_ store: any Store = MemoryStore()) { self.store = store }

    static func keys(_ rows: [[String]]) throws -> RecordKeys {
        RecordKeys(
            try rowBatch(rows), identity: .primaryKey(columns: Array((rows.first ?? [""]).indices)), source: "",
            seed: testSeed)
    }

    func look(_ keys: RecordKeys, _ order: KeyOrder) throws -> [KeyEntry] {
        try store.read { transaction in
            let runs = try StoredKeyRuns(testShard, entity: 1, in: transaction).list.runs
            return try KeyLookUp.look(order, keys, in: runs, testShard, entity: 1, seed: testSeed, transaction)
        }
    }

    /// Looks rows up, compares, and takes them in as new records.
    mutating func take(_ rows: [[String]]) async throws {
        guard !rows.isEmpty else { return }
        let keys = try Self.keys(rows)
        let order = KeyOrder(keys)
        let found = try look(keys, order)
        var runs = try list()
        var writer = KeyRunWriter(
            try runs.list.takeNumber(), testShard, entity: 1, seed: testSeed, capacity: order.count)
        for group in 0..<order.count {
            let key = Array(keys.bytes[keys.range(order.leader(group))])
            #expect(found[group] == model[key] ?? KeyLookUp.none)
            let entry = KeyEntry(place: nextPlace, hash: nextPlace &* 0x9E37_79B9)
            nextPlace += 1
            key.withUnsafeBytes { writer.append($0, entry) }
            model[key] = entry
        }
        let finished = writer.finish(level: 0)
        let made = try #require(finished)
        runs.list.runs.append(made.run)
        try await commit(made.mutations + runs.mutations)
    }

    /// Compares the whole index with the model.
    func compare() throws {
        #expect(try store.read { try indexEntries(entity: 1, in: $0) } == model)
    }

    func step(slice: Int = KeyMergePlan.slice) async throws -> Bool {
        let mutations = try store.read {
            try KeyIndex.mergeStep(testShard, entity: 1, seed: testSeed, slice: slice, in: $0)
        }
        guard let mutations else { return false }
        try await commit(mutations)
        return true
    }

    func list() throws -> StoredKeyRuns { try store.read { try StoredKeyRuns(testShard, entity: 1, in: $0) } }

    func commit(_ mutations: [Mutation]) async throws {
        try await store.commit(CommitUnit(Ownership(shard: testShard, epoch: 1), mutations))
    }

    /// Once nothing is left to merge: the store has the blocks and filters of the list, and no others.
    func checkTidy() throws {
        let list = try list().list
        #expect(list.merge == nil && list.remains.isEmpty)
        let all = KeyRange(prefix: KeyBuilder.key(testShard))
        let (blocks, filters) = try store.read { (try $0.count(.keys, all), try $0.count(.keyFilters, all)) }
        #expect(blocks == list.runs.reduce(0) { $0 + $1.blocks })
        #expect(filters == list.runs.count)
        // No key is in many runs.
        for run in list.runs {
            let depth = list.runs.count { !isBelow(run.low, $0.low) && !isBelow($0.high, run.low) }
            #expect(depth < KeyMergePlan.fan * ((list.runs.map(\.level).max() ?? 0) + 1))
        }
    }
}

/// The index against a plain dictionary.
@Suite struct KeyIndexTests {
    private func rows(_ random: inout RowRandom, width: Int, ordered: inout Int) -> [[String]] {
        let count = random.chance(40) ? random.below(5) + 1 : random.below(400) + 1
        let kind = random.below(5)
        let origin = random.below(5_000)
        return (0..<count).map { index in
            let text: String
            switch kind {
            case 0:
                ordered += 1
                text = "n" + String(1_000_000 + ordered)
            case 1: text = "n" + String(1_000_000 + origin + index)
            case 2: text = "n" + String(1_000_000 + random.below(6_000))
            case 3: text = String(repeating: "long", count: 45 + random.below(10)) + String(random.below(100))
            default: text = random.chance(20) ? "" : String(random.below(3_000), radix: 36)
            }
            if width == 1 { return [text.isEmpty ? "e" : text] }
            return [text, random.chance(50) ? "" : String(random.below(3))]
        }
    }

    private func compare(_ seed: UInt64, rounds: Int, on store: any Store) async throws {
        var random = RowRandom(seed)
        var ordered = 0
        var fixture = IndexFixture(store)
        for _ in 0..<rounds {
            try await fixture.take(rows(&random, width: Int(seed % 2) + 1, ordered: &ordered))
            while random.chance(70), try await fixture.step(slice: random.below(600) + 1) {
                if random.chance(5) { try fixture.compare() }
            }
        }
        try fixture.compare()
        while try await fixture.step(slice: 5_000) {}
        try fixture.checkTidy()
        try fixture.compare()
        // Nothing is found that was never taken.
        let keys = try IndexFixture.keys((0..<500).map { ["absent \($0)"] })
        #expect(try fixture.look(keys, KeyOrder(keys)).allSatisfy { $0 == KeyLookUp.none })
    }

    @Test(arguments: 0..<12)
    func agreesWithADictionary(_ seed: UInt64) async throws {
        try await compare(seed, rounds: 120, on: MemoryStore())
    }

    @Test(arguments: 20..<22)
    func agreesWithADictionaryOnDisk(_ seed: UInt64) async throws {
        try await StoreKind.lmdb.with { try await compare(seed, rounds: 60, on: $0) }
    }

    @Test func runsInKeyOrderAreNeitherProbedNorMerged() async throws {
        var fixture = IndexFixture()
        for batch in 0..<12 {
            try await fixture.take((0..<300).map { ["k" + String(100_000 + batch * 300 + $0)] })
            let hasStep = try await fixture.step()
            #expect(!hasStep)
        }
        #expect(try fixture.list().list.runs.count == 12)
    }

    /// Whether in order or not, very small commits leave few runs.
    @Test(arguments: [true, false])
    func smallCommitsLeaveFewRuns(_ inOrder: Bool) async throws {
        var random = RowRandom(3)
        var fixture = IndexFixture()
        for number in 0..<1_500 {
            try await fixture.take([["k" + String(inOrder ? 100_000 + number : 100_000 + random.below(50_000))]])
            _ = try await fixture.step()
        }
        while try await fixture.step() {}
        #expect(try fixture.list().list.runs.count < 50)
        try fixture.checkTidy()
        try fixture.compare()
    }

    @Test func anUpdateOfEverythingLeavesTheNewest() async throws {
        var fixture = IndexFixture()
        var random = RowRandom(5)
        for _ in 0..<20 {
            try await fixture.take((0..<1_000).shuffled(using: &random).map { ["k\($0)"] })
            while random.chance(50), try await fixture.step(slice: 300) {}
        }
        while try await fixture.step(slice: 300) {}
        try fixture.compare()
        #expect(fixture.model.count == 1_000)
    }

    @Test func refusesAMergeThatWasOvertaken() async throws {
        var fixture = IndexFixture()
        for _ in 0..<8 { try await fixture.take([["a"], ["b"]]) }
        let step = try fixture.store.read {
            try KeyIndex.mergeStep(testShard, entity: 1, seed: testSeed, in: $0)
        }
        try await fixture.take([["c"]])
        let mutations = try #require(step)
        await #expect { try await fixture.commit(mutations) } throws: {
            ($0 as? CausewayError)?.reason == "COMMIT_CONFLICT"
        }
        try fixture.compare()
    }
}
