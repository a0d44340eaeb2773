import CausewayCore
import Testing

@testable import CausewayStore

/// Bytes of the index that are not what was written: said, never a trap and never a wrong answer.
@Suite struct KeyDamageTests {
    private static let tables: [Table] = [.keys, .keyFilters, .keyRuns]

    private func fixture() async throws -> IndexFixture {
        var fixture = IndexFixture()
        for round in 0..<8 {
            try await fixture.take((0..<400).map { ["key number \($0 * 3 + round)"] })
        }
        return fixture
    }

    private func entries(_ fixture: IndexFixture) throws -> [(Table, [UInt8], [UInt8])] {
        try fixture.store.read { transaction in
            var found: [(Table, [UInt8], [UInt8])] = []
            for table in Self.tables {
                try transaction.scan(table, KeyRange(prefix: KeyBuilder.key(testShard))) { key, value in
                    found.append((table, Array(key), Array(value)))
                    return .next
                }
            }
            return found
        }
    }

    /// Looks all keys up and merges all.
    ///
    /// - Returns: whether damage was found.
    private func work(_ fixture: IndexFixture, _ keys: RecordKeys, isTold: Bool = true) throws -> Bool {
        var isFound = false
        let order = KeyOrder(keys)
        do {
            let found = try fixture.look(keys, order)
            guard isTold else { return false }
            for group in 0..<order.count {
                let key = Array(keys.bytes[keys.range(order.leader(group))])
                #expect(found[group] == fixture.model[key] ?? KeyLookUp.none)
            }
        } catch let error as CausewayError {
            #expect(error.reason == "STORE_DAMAGED")
            isFound = true
        }
        do {
            _ = try fixture.store.read { try KeyIndex.mergeStep(testShard, entity: 1, seed: testSeed, in: $0) }
        } catch let error as CausewayError {
            #expect(error.reason == "STORE_DAMAGED")
            isFound = true
        }
        return isFound
    }

    private func allKeys() throws -> RecordKeys {
        try IndexFixture.keys((0..<1_300).map { ["key number \($0)"] })
    }

    @Test func everyChangedEntryIsNoticed() async throws {
        let fixture = try await fixture()
        let keys = try allKeys()
        var random = RowRandom(1)
        #expect(try !work(fixture, keys))
        for (table, key, value) in try entries(fixture) {
            for _ in 0..<4 {
                var changed = value
                let header = table == .keyFilters ? KeyFilter.headerSize : 0
                changed[header + random.below(value.count - header)] ^= UInt8(random.below(255) + 1)
                try await fixture.commit([.put(table, key: key, value: changed)])
                #expect(try work(fixture, keys), "\(table)")
            }
            for length in [0, 1, 9, value.count / 2, value.count - 1] {
                try await fixture.commit([.put(table, key: key, value: Array(value.prefix(length)))])
                #expect(try work(fixture, keys), "\(table) \(length)")
            }
            if table != .keyRuns {
                try await fixture.commit([.delete(table, key: key)])
                #expect(try work(fixture, keys), "\(table) deleted")
            }
            try await fixture.commit([.put(table, key: key, value: value)])
        }
        #expect(try !work(fixture, keys))
    }

    /// Bytes that are made so that their checksum is right.
    @Test func noBytesTrap() async throws {
        let fixture = try await fixture()
        let keys = try allKeys()
        var random = RowRandom(2)
        for (table, key, value) in try entries(fixture) where table != .keyFilters {
            for _ in 0..<60 {
                var changed = Array(value.dropLast(8))
                for _ in 0..<random.below(3) + 1 {
                    let end = random.chance(50) ? min(24, changed.count) : changed.count
                    changed[random.below(end)] = UInt8(random.below(256))
                }
                if random.chance(10) { changed.removeLast(random.below(changed.count)) }
                Checksum.seal(&changed)
                try await fixture.commit([.put(table, key: key, value: changed)])
                _ = try work(fixture, keys, isTold: false)
            }
            try await fixture.commit([.put(table, key: key, value: value)])
        }
        #expect(try !work(fixture, keys))
    }
}
