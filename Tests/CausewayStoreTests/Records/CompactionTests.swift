import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayStore

@Suite struct CompactionTests {
    private func segments(_ fixture: EntityFixture) throws -> [UInt64] {
        try fixture.store.read { transaction in
            var numbers: [UInt64] = []
            try transaction.scan(.segments, KeyRange(prefix: KeyBuilder.key(testShard))) { key, _ in
                numbers.append(try KeyTail(.segments, key).number(at: 4))
                return .next
            }
            return numbers
        }
    }

    private func count(_ fixture: EntityFixture, _ table: Table) throws -> Int {
        try fixture.store.read { try $0.count(table, KeyRange(prefix: KeyBuilder.key(testShard))) }
    }

    @Test func segmentsWithoutARecordGo() async throws {
        var fixture = EntityFixture()
        for version in 0..<4 {
            let rows = (0..<30).map { ["\($0)", version < 3 || $0 > 9 ? "v\(version)" : "v2"] }
            try await fixture.take(["id", "v"], rows, key: ["id"])
        }
        let before = (try fixture.export(), try fixture.latest())
        // As long as the journal names the dead records they stay; only small segments may go together.
        #expect(try await fixture.compact().removedRecords == 0)
        try await fixture.dropJournal()
        let report = try await fixture.compact()
        #expect(report.removedRecords == 80)
        #expect(try segments(fixture) == [1])
        #expect(try count(fixture, .deadSlots) == 0)
        #expect(try fixture.export() == before.0)
        #expect(try fixture.latest() == before.1)
        #expect(try await fixture.compact() == Compaction.Report())
        try fixture.audit(hasWholeJournal: false)
    }

    @Test func manyImportsOfAFewRecordsBecomeOneSegment() async throws {
        var fixture = EntityFixture()
        for version in 0..<200 {
            fixture.run = UInt64(version + 1)
            fixture.now = Timestamp(seconds: 1_800_000_000 + Int64(version) * 60)
            try await fixture.take(
                ["id", "v"], [["\(version)", "a"], ["\(version)b", "b"]], key: ["id"], source: "/in/\(version % 3).csv")
        }
        let before = (try fixture.export(), try fixture.latest())
        let report = try await fixture.compact()
        #expect(try segments(fixture) == [1])
        #expect(report.bytesAfter < report.bytesBefore)
        #expect(try fixture.export() == before.0)
        #expect(try fixture.latest() == before.1)
        try fixture.audit()
        // Later imports find the records, and what they replace can be compacted again.
        let rows = (0..<200).flatMap { [["\($0)", $0 < 150 ? "new" : "a"], ["\($0)b", $0 < 150 ? "new" : "b"]] }
        let counts = try await fixture.take(["id", "v"], rows)
        #expect(counts.updated == 300)
        #expect(counts.unchanged == 100)
        try fixture.audit()
        let changed = (try fixture.export(), try fixture.latest())
        try await fixture.dropJournal()
        #expect(try await fixture.compact().removedRecords == 300)
        #expect(try fixture.export() == changed.0)
        #expect(try fixture.latest() == changed.1)
    }

    @Test func whatIsMostlyAliveStaysAsItIs() async throws {
        var fixture = EntityFixture()
        let rows = (0..<9_000).map { ["\($0)", "old"] }
        try await fixture.take(["id", "v"], rows, key: ["id"])
        try await fixture.take(["id", "v"], rows.prefix(400).map { [$0[0], "new"] })
        try await fixture.dropJournal()
        #expect(try await fixture.compact() == Compaction.Report())
        try await fixture.take(["id", "v"], rows.prefix(4_000).map { [$0[0], "newer"] })
        try await fixture.dropJournal()
        let report = try await fixture.compact()
        #expect(report.removedRecords > 2_000)
        #expect(try count(fixture, .segments) < 6)
        try fixture.audit(hasWholeJournal: false)
    }

    @Test func recordsWithOtherFieldsStayApart() async throws {
        var fixture = EntityFixture()
        for round in 0..<12 {
            try await fixture.take(
                round % 2 == 0 ? ["id", "a"] : ["id", "b"], [["\(round)", "x"]], key: ["id"])
        }
        #expect(try await fixture.compact() == Compaction.Report())
        for round in 0..<12 { try await fixture.take(["b", "id"], [["y", "later \(round)"]]) }
        #expect(try await fixture.compact().writtenSegments == 1)
        #expect(try count(fixture, .segments) == 12)
    }

    @Test func pagesGoOnWhereTheyWere() async throws {
        var fixture = EntityFixture()
        for version in 0..<20 {
            try await fixture.take(
                ["id", "v"], (0..<10).map { ["\(version * 5 + $0)", "v\(version)"] }, key: ["id"])
        }
        try await fixture.dropJournal()
        let all = try fixture.latest()
        for size in [1, 4, 9, 30] {
            var paged = fixture
            var records: [StoredRecord] = []
            var cursor: RecordPlace?
            repeat {
                let page = try paged.store.read {
                    try EntityReader.latest(
                        in: $0, paged.state, fields: paged.state.fieldsByPosition, before: cursor, limit: size)
                }
                records += page.records
                cursor = page.next
                if size == 4 { _ = try await paged.compact(units: 1) }
            } while cursor != nil
            #expect(records == all)
        }
    }

    @Test func anExportNoticesIt() async throws {
        var fixture = EntityFixture()
        for version in 0..<8 { try await fixture.take(["id", "v"], [["\(version)", "v"]], key: ["id"]) }
        var export = try fixture.store.read { try EntityExport(fixture.state, .csv, in: $0) }
        _ = try await fixture.compact()
        #expect {
            while try export.next(reading: fixture.store) != nil {}
        } throws: { ($0 as? CausewayError)?.reason == "EXPORT_OVERTAKEN" }
    }

    @Test func aUnitIsRefusedWhenTheEntityIsAnother() async throws {
        var fixture = EntityFixture()
        for version in 0..<8 { try await fixture.take(["id", "v"], [["\(version)", "v"]], key: ["id"]) }
        let begun = try Compaction.begin(fixture.state.id, testShard, seed: testSeed, reading: fixture.store)
        guard var compaction = begun, let mutations = try compaction.next(reading: fixture.store) else {
            Issue.record("there is nothing to do")
            return
        }
        #expect(!mutations.isEmpty)
        try await fixture.take(["id", "v"], [["1", "w"]])
        await #expect {
            try await fixture.store.commit(CommitUnit(fixture.ownership, mutations))
        } throws: { ($0 as? CausewayError)?.reason == "COMMIT_CONFLICT" }
    }

    @Test(arguments: 0..<200)
    func damagedPartsAreErrors(_ seed: UInt64) throws {
        var random = RowRandom(seed)
        let parts = (1...3).map { number in
            let slots = (0..<20).filter { _ in random.chance(60) }.map { UInt16($0) }
            return SegmentPart(
                segment: UInt64(number * 3),
                provenance: Provenance(run: 7, source: "/in/\(number % 2)", importTime: Timestamp(micros: 5)),
                slots: slots, sourceRows: slots.map { Int64($0) + (random.chance(50) ? 0 : 9) })
        }
        var sink = ByteSink(capacity: 100)
        SegmentParts.encode(parts, in: 2, to: &sink)
        let bytes = sink.bytes
        let rows = parts.reduce(0) { $0 + $1.slots.count }
        func decode(_ bytes: [UInt8]) throws -> [SegmentPart] {
            try bytes.withUnsafeBytes { try SegmentParts.decode($0, 0..<$0.count, in: 2, rowCount: rows) }
        }
        #expect(try decode(bytes) == parts)
        var changed = bytes
        changed[random.below(bytes.count)] ^= UInt8(1 << random.below(8))
        if random.chance(30) { changed.removeLast(random.below(changed.count) + 1) }
        // Other parts or an error, never a trap.
        _ = try? decode(changed)
    }
}
