import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayStore

@Suite struct EntityPurgeTests {
    private func drain(
        _ fixture: EntityFixture, _ next: (borrowing ReadTransaction) throws -> CommitUnit?
    ) async throws -> Int {
        var units = 0
        while let unit = try fixture.store.read({ try next($0) }) {
            try await fixture.store.commit(unit)
            units += 1
        }
        return units
    }

    private func keyCount(_ fixture: EntityFixture, _ table: Table) throws -> Int {
        try fixture.store.read { try $0.count(table, KeyRange(prefix: KeyBuilder.key(testShard))) }
    }

    @Test func removesAWholeShardInSlices() async throws {
        var fixture = EntityFixture()
        for _ in 0..<120 {
            let rows = (0..<100).map { ["\(fixture.counts.new + $0)", "v"] }
            try await fixture.take(["id", "v"], rows, key: ["id"])
        }
        var unit = CommitUnit(fixture.ownership)
        try ConnectionTable.put(into: &unit, .with { $0.deleting = true })
        try RunTable.put(into: &unit, 1, StoredRun())
        CredentialTable.put(into: &unit, "password", sealed: [1])
        try await fixture.store.commit(unit)
        let other = ShardID(high: testShard.high, low: testShard.low + 1)
        var foreign = CommitUnit(Ownership(shard: other, epoch: 1))
        try ConnectionTable.put(into: &foreign, StoredConnection())
        try await fixture.store.commit(foreign)

        let units = try await drain(fixture) { try EntityPurge.shard(fixture.ownership, in: $0) }
        #expect(units > 5)
        for table in Table.allCases where table != .ownership {
            #expect(try keyCount(fixture, table) == 0)
        }
        #expect(try fixture.store.read { try ConnectionTable.get(in: $0, other) } != nil)
    }

    @Test func droppedRecordsAreGoneAtOnceAndTheirDataLater() async throws {
        var fixture = EntityFixture()
        let rows = (0..<50).map { ["\($0)", "v"] }
        try await fixture.take(["id", "v"], rows, key: ["id"])
        var emptied = try fixture.store.read { try EntityPurge.dropRecords(of: fixture.state, in: $0) }
        try await fixture.store.commit(CommitUnit(fixture.ownership, try emptied.seal()))
        fixture.state = emptied
        #expect(try fixture.latest().isEmpty)
        #expect(fixture.state.entity.recordCount == 0)

        // The same rows again, before the old data is gone.
        let again = try await fixture.take(["id", "v"], rows, key: ["id"])
        #expect(again.new == 50)
        #expect(try fixture.stored()?.fields.map(\.stored.apiLabel) == ["id", "v"])
        let units = try await drain(fixture) { try EntityPurge.orphans(fixture.ownership, in: $0) }
        #expect(units > 0)
        #expect(try keyCount(fixture, .keys) == 1)
        #expect(try keyCount(fixture, .keyRuns) == 1)
        #expect(try fixture.latest().count == 50)

        try await fixture.store.commit(
            CommitUnit(fixture.ownership, [.delete(.entities, key: EntityTable.key(testShard, "customers"))]))
        #expect(try fixture.store.read { try EntityTable.nextNumber(in: $0, testShard) } == 3)
        _ = try await drain(fixture) { try EntityPurge.orphans(fixture.ownership, in: $0) }
        for table: Table in [.keys, .keyFilters, .keyRuns, .killed, .segments, .deadSlots, .days, .fields] {
            #expect(try keyCount(fixture, table) == 0)
        }
    }
}
