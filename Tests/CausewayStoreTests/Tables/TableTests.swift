import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayStore

@Suite struct TableTests {
    private let store = MemoryStore()
    private let other = ShardID(high: testShard.high, low: testShard.low + 1)

    private func commit(_ shard: ShardID, _ fill: (inout CommitUnit) throws -> Void) async throws {
        var unit = CommitUnit(Ownership(shard: shard, epoch: 1))
        try fill(&unit)
        try await store.commit(unit)
    }

    @Test func connectionsStayInTheirShard() async throws {
        let connection = StoredConnection.with {
            $0.connectionID = "crm"
            $0.createMicros = 5
        }
        try await commit(testShard) { try ConnectionTable.put(into: &$0, connection) }
        #expect(try store.read { try ConnectionTable.get(in: $0, testShard) } == connection)
        #expect(try store.read { try ConnectionTable.get(in: $0, other) } == nil)
        try await commit(testShard) { ConnectionTable.delete(from: &$0) }
        #expect(try store.read { try ConnectionTable.get(in: $0, testShard) } == nil)
    }

    @Test func theDirectoryListsByIdAndRefusesATakenOne() async throws {
        for (index, id) in ["crm", "a", "b2", "b"].enumerated() {
            try await commit(.system) {
                DirectoryTable.create(in: &$0, id, ShardID(high: UInt64(index), low: 7))
            }
        }
        #expect(try store.read { try DirectoryTable.get(in: $0, "b2") } == ShardID(high: 2, low: 7))
        #expect(try store.read { try DirectoryTable.list(in: $0, limit: 10) }.map(\.id) == ["a", "b", "b2", "crm"])
        #expect(try store.read { try DirectoryTable.list(in: $0, from: "b", limit: 2) }.map(\.id) == ["b", "b2"])
        await #expect {
            try await commit(.system) { DirectoryTable.create(in: &$0, "crm", other) }
        } throws: { ($0 as? CausewayError)?.reason == "COMMIT_CONFLICT" }
        try await commit(.system) { DirectoryTable.delete(from: &$0, "crm") }
        #expect(try store.read { try DirectoryTable.get(in: $0, "crm") } == nil)
    }

    @Test func theSeedIsSetOnce() async throws {
        #expect(try store.read { try ContentSeedTable.get(in: $0) } == nil)
        try await commit(.system) { ContentSeedTable.create(in: &$0, ContentSeed(0x0102_0304_0506_0708)) }
        #expect(try store.read { try ContentSeedTable.get(in: $0) } == ContentSeed(0x0102_0304_0506_0708))
        await #expect(throws: CausewayError.self) {
            try await commit(.system) { ContentSeedTable.create(in: &$0, ContentSeed(1)) }
        }
    }

    @Test func runsAreListedLatestFirst() async throws {
        #expect(try store.read { try RunTable.latestNumber(in: $0, testShard) } == 0)
        try await commit(testShard) { unit in
            for number in 1...300 as ClosedRange<UInt64> {
                try RunTable.put(into: &unit, number, .with { $0.rows(Int64(number)) })
            }
        }
        try await commit(other) { try RunTable.put(into: &$0, 999, StoredRun()) }
        #expect(try store.read { try RunTable.latestNumber(in: $0, testShard) } == 300)
        let page = try store.read { try RunTable.list(in: $0, testShard, before: 257, limit: 3) }
        #expect(page.map(\.number) == [256, 255, 254])
        #expect(page.map(\.run.counters?.rowsRead) == [256, 255, 254])
        #expect(try store.read { try RunTable.list(in: $0, testShard, before: 1, limit: 3) }.isEmpty)
        #expect(try store.read { try RunTable.list(in: $0, testShard, limit: 1000) }.count == 300)
    }

    @Test func runLogsAreListedInOrder() async throws {
        try await commit(testShard) { unit in
            for run: UInt64 in [1, 2] {
                for sequence in 1...260 as ClosedRange<UInt64> {
                    try RunLogTable.put(
                        into: &unit, run: run, sequence: sequence, .with { $0.message = "\(run) \(sequence)" })
                }
            }
        }
        #expect(try store.read { try RunLogTable.latestSequence(in: $0, testShard, run: 2) } == 260)
        #expect(try store.read { try RunLogTable.latestSequence(in: $0, testShard, run: 3) } == 0)
        let page = try store.read { try RunLogTable.list(in: $0, testShard, run: 1, from: 255, limit: 100) }
        #expect(page.map(\.sequence) == [255, 256, 257, 258, 259, 260])
        #expect(page.first?.entry.message == "1 255")
        try await commit(testShard) { RunLogTable.delete(from: &$0, run: 1, limit: 258) }
        let rest = try store.read { try RunLogTable.list(in: $0, testShard, run: 1, limit: 100) }
        #expect(rest.map(\.sequence) == [259, 260])
    }

    @Test func quarantineIsPagedByRunAndEntity() async throws {
        try await commit(testShard) { unit in
            for sequence in 1...20 as ClosedRange<UInt64> {
                let row = StoredQuarantinedRow.with {
                    $0.run = sequence % 2
                    $0.entity = sequence % 5 == 0 ? "orders" : "customers"
                }
                try QuarantineTable.put(into: &unit, sequence, row)
            }
        }
        let first = try store.read { try QuarantineTable.list(in: $0, testShard, run: 1, limit: 4) }
        #expect(first.rows.map(\.sequence) == [19, 17, 15, 13])
        let second = try store.read {
            try QuarantineTable.list(in: $0, testShard, before: first.next, run: 1, limit: 100)
        }
        #expect(second.rows.map(\.sequence) == [11, 9, 7, 5, 3, 1])
        #expect(second.next == nil)
        let orders = try store.read { try QuarantineTable.list(in: $0, testShard, entity: "orders", limit: 10) }
        #expect(orders.rows.map(\.sequence) == [20, 15, 10, 5])
        let short = try store.read {
            try QuarantineTable.list(in: $0, testShard, entity: "orders", limit: 10, scanLimit: 7)
        }
        #expect(short.rows.map(\.sequence) == [20, 15])
        #expect(short.next == 14)
        let exact = try store.read { try QuarantineTable.list(in: $0, testShard, limit: 20) }
        #expect(exact.next == nil)
        #expect(try store.read { try QuarantineTable.counts(in: $0, testShard) } == ["orders": 4, "customers": 16])
        #expect(try store.read { try QuarantineTable.latestSequence(in: $0, testShard) } == 20)
    }

    @Test func slotsAndDaysOrderAcrossZero() async throws {
        try await commit(testShard) { unit in
            for seconds: Int64 in [-5, 0, 5, 1_000] {
                try SkippedSlotTable.put(into: &unit, Timestamp(seconds: seconds), .with { $0.count = seconds })
            }
            for day in [-1, 0, 1, 400] {
                let date = LocalDate(daysSinceEpoch: day)
                try DayTable.put(into: &unit, entity: 3, date, .with { $0.newRecords = Int64(day) })
            }
        }
        let slots = try store.read { try SkippedSlotTable.list(in: $0, testShard, limit: 10) }
        #expect(slots.map(\.slot.seconds) == [1_000, 5, 0, -5])
        let before = try store.read {
            try SkippedSlotTable.list(in: $0, testShard, before: Timestamp(seconds: 5), limit: 1)
        }
        #expect(before.map(\.value.count) == [0])
        let days = try store.read {
            try DayTable.list(
                in: $0, testShard, entity: 3, from: LocalDate(daysSinceEpoch: -1), through: LocalDate(daysSinceEpoch: 1)
            )
        }
        #expect(days.map(\.day.newRecords) == [-1, 0, 1])
        #expect(days.map(\.date.daysSinceEpoch) == [-1, 0, 1])
    }

    @Test func longPathsAreFilesOfTheirOwn() async throws {
        let folder = "/in/" + String(repeating: "f", count: 500)
        let paths = ["/a.csv", "/b.csv", folder + "/a.csv", folder + "/b.csv"]
        try await commit(testShard) { unit in
            for (index, path) in paths.enumerated() {
                try FileTable.put(into: &unit, entity: 1, path, .with { $0.size = Int64(index) })
            }
        }
        for (index, path) in paths.enumerated() {
            #expect(try store.read { try FileTable.get(in: $0, testShard, entity: 1, path)?.size } == Int64(index))
        }
        let listed = try store.read { try FileTable.list(in: $0, testShard, entity: 1, limit: 10) }
        #expect(listed.count == 4)
        #expect(listed.prefix(2).map(\.path) == ["/a.csv", "/b.csv"])
        #expect(listed.dropFirst(2).allSatisfy { folder.hasPrefix($0.path) })
        #expect(try store.read { try FileTable.list(in: $0, testShard, entity: 2, limit: 10) }.isEmpty)
        #expect(try store.read { try FileTable.list(in: $0, testShard, entity: 1, from: "/b", limit: 1) }.count == 1)
    }

    @Test func credentialsAndRequestsAndSchedules() async throws {
        try await commit(testShard) { unit in
            CredentialTable.put(into: &unit, "password", sealed: [1, 2])
            CredentialTable.put(into: &unit, "key", sealed: [3])
            try ScheduleStateTable.put(into: &unit, .with { $0.nextSlotMicros = 9 })
        }
        #expect(try store.read { try CredentialTable.get(in: $0, testShard, "password") } == [1, 2])
        #expect(try store.read { try CredentialTable.list(in: $0, testShard) }.map(\.name) == ["key", "password"])
        #expect(try store.read { try ScheduleStateTable.get(in: $0, testShard)?.nextSlotMicros } == 9)
        try await commit(.system) { unit in
            for id in ["x", "y", "z"] {
                try RequestTable.put(into: &unit, id, .with { $0.createMicros = id == "y" ? 10 : 1 })
            }
        }
        let expired = try store.read { try RequestTable.expired(in: $0, before: Timestamp(micros: 5), limit: 10) }
        #expect(expired == ["x", "z"])
    }

    @Test func damagedBytesAreNamed() async throws {
        let key = KeyBuilder.key(testShard, 4)
        try await commit(testShard) { $0.put(.runs, key, [0xFF, 0xFF, 0xFF]) }
        #expect {
            _ = try store.read { try RunTable.get(in: $0, testShard, 4) }
        } throws: { error in
            guard let error = error as? CausewayError else { return false }
            return error.code == .dataLoss && error.reason == "STORE_DAMAGED" && error.metadata["table"] == "runs"
                && error.metadata["key"] == "019000000000700080000000000000010000000000000004"
        }
        try await commit(testShard) { $0.put(.runs, KeyBuilder.key(testShard) + [1], []) }
        #expect(throws: CausewayError.self) { try store.read { try RunTable.list(in: $0, testShard, limit: 9) } }
        try await commit(.system) { $0.put(.directory, KeyBuilder.key(.system, "crm"), [1]) }
        #expect(throws: CausewayError.self) { try store.read { try DirectoryTable.get(in: $0, "crm") } }
    }

    @Test func textsWithNULAreRefused() {
        var unit = CommitUnit(Ownership(shard: testShard, epoch: 1))
        #expect {
            try ConnectionTable.put(into: &unit, .with { $0.displayName = "a\u{0}b" })
        } throws: { ($0 as? CausewayError)?.reason == "VALUE_NOT_STORABLE" }
    }
}

extension StoredRun {
    fileprivate mutating func rows(_ count: Int64) {
        counters = StoredCounters.with { $0.rowsRead = count }
    }
}
