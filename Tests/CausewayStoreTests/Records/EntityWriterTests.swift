import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayStore

@Suite struct EntityWriterTests {
    @Test func tellsNewUpdatedAndUnchangedApart() async throws {
        var fixture = EntityFixture()
        let columns = ["id", "name", "city"]
        var counts = try await fixture.take(
            columns, [["1", "Ada", "Oslo"], ["2", "Bo", nil], ["3", "Cy", ""]], key: ["id"])
        #expect((counts.new, counts.updated, counts.unchanged) == (3, 0, 0))
        counts = try await fixture.take(columns, [["2", "Bo", nil], ["3", "Cy", nil], ["4", "Di", "Rom"]])
        #expect((counts.new, counts.updated, counts.unchanged) == (1, 1, 1))
        #expect(try fixture.export() == "id,name,city\n1,Ada,Oslo\n2,Bo,\n3,Cy,\n4,Di,Rom\n")
        #expect(fixture.state.entity.recordCount == 4)
    }

    @Test func unchangedRowsChangeNothing() async throws {
        var fixture = EntityFixture()
        let rows = (0..<100).map { [String($0), "name \($0)"] }
        try await fixture.take(["id", "name"], rows, key: ["id"])
        var writer = EntityWriter(seed: testSeed)
        let prepared = try writer.prepare(
            try rowBatch(rows), fieldNumbers: [1, 2], state: fixture.state,
            provenance: Provenance(run: 2, source: "/in/b.csv", importTime: fixture.now), date: fixture.date,
            firstSegmentOfRun: 1, reading: fixture.store)
        #expect(prepared.counts.unchanged == 100)
        #expect(prepared.mutations.isEmpty)
    }

    @Test func takesDuplicatesOfABatchOneAfterTheOther() async throws {
        var fixture = EntityFixture()
        let counts = try await fixture.take(
            ["id", "v"], [["a", "1"], ["b", "1"], ["a", "2"], ["a", "2"], ["b", "1"], ["a", "1"]], key: ["id"])
        #expect((counts.new, counts.updated, counts.unchanged, counts.superseded) == (2, 2, 2, 2))
        #expect(try fixture.export() == "id,v\nb,1\na,1\n")
        #expect(fixture.state.entity.recordCount == 2)
    }

    @Test func knowsRecordsWithoutKeyByTheirPosition() async throws {
        var fixture = EntityFixture()
        try await fixture.take(["v"], [["x"], ["x"], ["y"]], source: "/a", firstRow: 1)
        let again = try await fixture.take(["v"], [["x"], ["z"], ["y"]], source: "/a", firstRow: 1)
        #expect((again.new, again.updated, again.unchanged) == (0, 1, 2))
        let other = try await fixture.take(["v"], [["x"]], source: "/b", firstRow: 1)
        #expect(other.new == 1)
        #expect(try fixture.export() == "v\nx\ny\nz\nx\n")
    }

    @Test func aMovedColumnAndAColumnOfNullsChangeNoRecord() async throws {
        var fixture = EntityFixture()
        try await fixture.take(["id", "a", "b"], [["1", "x", "y"]], key: ["id"])
        let moved = try await fixture.take(["b", "id", "new", "a"], [["y", "1", nil, "x"]])
        #expect(moved.unchanged == 1)
        #expect(fixture.state.fieldsByPosition.map(\.stored.apiLabel) == ["id", "a", "b", "new"])
        let missing = try await fixture.take(["id", "a"], [["1", "x"]])
        #expect(missing.updated == 1)
    }

    @Test func keepsTheDaysFigures() async throws {
        var fixture = EntityFixture()
        try await fixture.take(["id", "v"], [["1", "a"], ["2", "a"]], key: ["id"])
        try await fixture.take(["id", "v"], [["1", "b"], ["3", "a"]])
        fixture.date = fixture.date.adding(days: 3)
        fixture.now = fixture.now + .seconds(3 * 86_400)
        try await fixture.take(["id", "v"], [["2", "a"], ["3", "c"]])
        let today = fixture.date.adding(days: 1)
        let figures = try fixture.store.read {
            try EntityFigures(of: fixture.state.entity, testShard, today: today, in: $0)
        }
        #expect(figures.days.map(\.day.newRecords) == [0, 0, 3, 0, 0, 0, 0])
        #expect(figures.days.map(\.day.updatedRecords) == [0, 0, 1, 0, 0, 1, 0])
        #expect(figures.days.map(\.date) == (0..<7).map { today.adding(days: $0 - 6) })
        #expect(figures.recordCount == 3)
        #expect(fixture.state.entity.dataUpdateMicros == fixture.now.micros)
    }

    @Test func refusesAStaleState() async throws {
        var fixture = EntityFixture()
        try await fixture.take(["id", "v"], [["1", "a"]], key: ["id"])
        let stale = fixture.state
        try await fixture.take(["id", "v"], [["2", "a"]])
        fixture.state = stale
        await #expect {
            try await fixture.take(["id", "v"], [["3", "a"]])
        } throws: { ($0 as? CausewayError)?.reason == "COMMIT_CONFLICT" }
    }

    @Test func refusesColumnsThatDoNotFit() async throws {
        var fixture = EntityFixture()
        try await fixture.take(["id", "v"], [["1", "a"]], key: ["id"])
        for numbers: [UInt32] in [[1], [1, 1], [1, 9], [2, 3]] {
            var writer = EntityWriter(seed: testSeed)
            #expect(throws: CausewayError.self) {
                try writer.prepare(
                    try rowBatch([["1", "a"]]), fieldNumbers: numbers, state: fixture.state,
                    provenance: Provenance(run: 1, source: "", importTime: fixture.now), date: fixture.date,
                    firstSegmentOfRun: 1, reading: fixture.store)
            }
        }
    }

    @Test func namesWhatIsDamaged() async throws {
        var fixture = EntityFixture()
        try await fixture.take(["id", "v"], [["1", "a"]], key: ["id"])
        let key = SegmentTable.key(testShard, 1, 1)
        var bytes = try #require(try fixture.store.read { try $0.value(.segments, key) })
        bytes[20] ^= 1
        try await fixture.store.commit(CommitUnit(fixture.ownership, [.put(.segments, key: key, value: bytes)]))
        for work in [{ _ = try fixture.export() }, { _ = try fixture.latest() }] {
            #expect { try work() } throws: { ($0 as? CausewayError)?.reason == "STORE_DAMAGED" }
        }
    }

    @Test func takesMoreThanOneSegment() async throws {
        var fixture = EntityFixture()
        let rows = (0..<10_000).map { [String($0), "value \($0 % 37)"] }
        try await fixture.take(["id", "v"], rows, key: ["id"])
        #expect(fixture.state.entity.nextSegment == 4)
        #expect(try fixture.latest(page: 500).map { $0.values[0] } == (0..<10_000).reversed().map { String($0) })
        try await fixture.take(["id", "v"], rows.map { [$0[0], "new"] })
        let records = try fixture.latest(page: 500)
        #expect(records.count == 10_000)
        #expect(records.allSatisfy { $0.values[1] == "new" })
    }

    @Test func pagesEndWithTheRecords() async throws {
        var fixture = EntityFixture()
        for number in 0..<3 { try await fixture.take(["id"], [["\(number)"], ["x\(number)"]], key: ["id"]) }
        let fields = fixture.state.fieldsByPosition
        let all = try fixture.store.read { try EntityReader.latest(in: $0, fixture.state, fields: fields, limit: 100) }
        #expect(all.records.count == 6)
        #expect(all.next == nil)
        let cut = try fixture.store.read { try EntityReader.latest(in: $0, fixture.state, fields: fields, limit: 5) }
        #expect(cut.next == cut.records.last?.place)
        let none = try fixture.store.read { try EntityReader.latest(in: $0, fixture.state, fields: fields, limit: 0) }
        #expect(none.records.isEmpty)
    }

    @Test func takesABatchWithoutRows() async throws {
        var fixture = EntityFixture()
        let counts = try await fixture.take(["id", "v"], [], key: ["id"])
        #expect(counts.sum == 0)
        #expect(try fixture.stored()?.fields.count == 2)
        #expect(try fixture.export() == "id,v\n")
    }

    @Test func takesTheWidestRows() async throws {
        var fixture = EntityFixture()
        let columns = (0..<RowBatch.maximumColumns).map { "c\($0)" }
        let row = columns.indices.map { $0 % 3 == 0 ? nil : "v\($0)" }
        try await fixture.take(columns, [row, row], source: "/a", firstRow: 1)
        #expect(try fixture.latest().map(\.values) == [row, row])
    }

    /// However many records a batch replaces, a commit unit takes it, with room for what goes with it.
    @Test func theLargestBatchFitsAUnit() {
        let keyBlocks = RowBatch.maximumRows * (RecordKeys.greatestSize + 16) / KeyBlock.greatestSize
        let changes = RowBatch.maximumRows + SchemaUpdate.maximumFields + keyBlocks + 64
        #expect(changes <= UnitRules.greatestUnitChanges - 4_096)
    }

    @Test func refusesABatchWhoseCellsLieOutside() async throws {
        var fixture = EntityFixture()
        try await fixture.take(["id", "v"], [["1", "a"]], key: ["id"])
        for cell: UInt64 in [1 << 32 | 5, 100 << 32 | 1] {
            var buffers = RowBatch.Buffers()
            buffers.text = Array("2b".utf8)
            buffers.cells = [RowBatch.Cell(bits: 1), RowBatch.Cell(bits: cell)]
            buffers.sourceRows = [1]
            buffers.lines = [1]
            let batch = RowBatch(columnCount: 2, buffers)
            var writer = EntityWriter(seed: testSeed)
            #expect(throws: CausewayError.self) {
                try writer.prepare(
                    batch, fieldNumbers: [1, 2], state: fixture.state,
                    provenance: Provenance(run: 1, source: "", importTime: fixture.now), date: fixture.date,
                    firstSegmentOfRun: 1, reading: fixture.store)
            }
        }
    }
}
