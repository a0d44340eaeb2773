import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayStore

/// Random imports against a model that does the same the simple way.
@Suite struct EntityModelTests {
    private struct Batch {
        var columns: [String]
        var rows: [[String?]]
        var firstRow: Int64
        var source: String
    }

    private static let texts: [String?] = [
        nil, "", "a", "b", "Ω", "two\nlines", "quote \" and, comma", String(repeating: "long", count: 80), "\u{0}", " ",
    ]

    /// Batches of rows with columns that come, go and move; keys of one or two fields, or none.
    private func batches(_ random: inout RowRandom, key: [String]) -> [Batch] {
        var made: [Batch] = []
        for _ in 0..<12 {
            var columns = key + ["a", "b", "c", "d", "e"].filter { _ in random.chance(70) }
            if columns.isEmpty { columns = ["a"] }
            columns.shuffle(using: &random)
            let firstRow = Int64(random.below(20) + 1)
            let rows = (0..<random.below(60)).map { _ in
                columns.map { column -> String? in
                    guard key.contains(column) else { return Self.texts.randomElement(using: &random) ?? nil }
                    let text = Self.texts[2 + random.below(Self.texts.count - 2)] ?? ""
                    return random.chance(70) ? "k\(random.below(12))" : text
                }
            }
            let source = random.chance(50) ? "/in/one.csv" : "/in/two.csv"
            made.append(Batch(columns: columns, rows: rows, firstRow: firstRow, source: source))
        }
        return made
    }

    @Test(arguments: 0..<30)
    func agreesWithTheModel(_ seed: UInt64) async throws {
        try await compare(seed, on: MemoryStore())
    }

    @Test(arguments: 100..<106)
    func agreesWithTheModelOnDisk(_ seed: UInt64) async throws {
        try await StoreKind.lmdb.with { try await compare(seed, on: $0) }
    }

    private func compare(_ seed: UInt64, on store: any Store) async throws {
        var random = RowRandom(seed)
        let key = [["id"], ["id", "kind"], []][Int(seed % 3)]
        var model = EntityModel(key: key)
        var fixture = EntityFixture(store)
        var hasWholeJournal = true
        for batch in batches(&random, key: key) {
            let positions = batch.rows.indices.map { "\(batch.source) \(batch.firstRow + Int64($0))" }
            model.take(batch.columns, batch.rows, positions: positions)
            try await fixture.take(
                batch.columns, batch.rows, key: key, source: batch.source, firstRow: batch.firstRow)
            #expect(fixture.counts == model.counts)
            while random.chance(60), try await fixture.mergeStep(slice: random.below(40) + 1) {}
            if random.chance(20) {
                try await fixture.dropJournal()
                hasWholeJournal = false
            }
            if random.chance(40) { _ = try await fixture.compact(.random(&random), units: random.below(6) + 1) }
            try fixture.audit(hasWholeJournal: hasWholeJournal)
            if random.chance(30) {
                fixture.beginRun()
                model.run += 1
            }
            if random.chance(30) { fixture.state = try #require(try fixture.stored()) }
        }
        #expect(try fixture.export() == model.csv())
        #expect(try fixture.stored()?.entity == fixture.state.entity)
        #expect(try fixture.stored()?.fields == fixture.state.fields)
        try checkFigures(fixture, model)
        try checkPages(fixture, model)
    }

    private func checkFigures(_ fixture: EntityFixture, _ model: EntityModel) throws {
        #expect(fixture.state.entity.recordCount == Int64(model.records.count))
        let figures = try fixture.store.read {
            try EntityFigures(of: fixture.state.entity, testShard, today: fixture.date, in: $0)
        }
        #expect(figures.fieldCount == fixture.state.fields.count)
        #expect(figures.days.last?.day.newRecords == Int64(model.counts.new))
        #expect(figures.days.last?.day.updatedRecords == Int64(model.counts.updated))
    }

    private func checkPages(_ fixture: EntityFixture, _ model: EntityModel) throws {
        let records = try fixture.latest()
        let labels = fixture.state.fieldsByPosition.map(\.stored.apiLabel)
        let expected = model.records.reversed().map { record in labels.map { record.values[$0] } }
        #expect(records.map(\.values) == expected)
        #expect(zip(records, records.dropFirst()).allSatisfy { $1.place < $0.place })
        #expect(records.map { "\($0.provenance.source) \($0.sourceRow)" } == model.records.reversed().map(\.position))
        #expect(records.map { Int($0.provenance.run) - 1 } == model.records.reversed().map(\.run))
    }

    /// Where batches end is an accident of buffers and interruptions: it must not show.
    @Test(arguments: 0..<10)
    func batchBordersDoNotShow(_ seed: UInt64) async throws {
        var random = RowRandom(seed &+ 100)
        let key = [["id"], ["id", "kind"], []][Int(seed % 3)]
        var whole = EntityFixture()
        var pieces = EntityFixture()
        for batch in batches(&random, key: key) {
            try await whole.take(
                batch.columns, batch.rows, key: key, source: batch.source, firstRow: batch.firstRow)
            var rest = batch.rows[...]
            repeat {
                let piece = Array(rest.prefix(random.below(9) + 1))
                let firstRow = batch.firstRow + Int64(rest.startIndex)
                try await pieces.take(batch.columns, piece, key: key, source: batch.source, firstRow: firstRow)
                rest = rest.dropFirst(piece.count)
            } while !rest.isEmpty
        }
        #expect(whole.counts == pieces.counts)
        #expect(try whole.export() == pieces.export())
        #expect(try whole.export(.jsonLines) == pieces.export(.jsonLines))
        #expect(whole.state.fields == pieces.state.fields)
    }
}
