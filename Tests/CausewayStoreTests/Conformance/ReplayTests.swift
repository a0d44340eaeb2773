import CausewayCore
import CausewayStore
import Testing

/// Applying is pure: the same units give the same tables, whichever store takes them, however often they are refused.
@Suite struct ReplayTests {
    /// A fixed generator (SplitMix64).
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    private static let tables: [Table] = [.settings, .files, .segments, .runLogs]

    private func units(_ seed: UInt64, _ count: Int) -> [CommitUnit] {
        var random = Generator(state: seed)
        var epochs: [UInt64] = [1, 1, 1]
        return (0..<count).map { _ in
            let index = Int.random(in: 0..<3, using: &random)
            let shard = ShardID(high: 7, low: UInt64(index))
            if Int.random(in: 0..<20, using: &random) == 0 { epochs[index] += 1 }
            let isStale = Int.random(in: 0..<10, using: &random) == 0
            var unit = CommitUnit(shard, epoch: isStale ? epochs[index] - 1 : epochs[index])
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                unit.mutations.append(mutation(shard, &random))
            }
            return unit
        }
    }

    private func mutation(_ shard: ShardID, _ random: inout Generator) -> Mutation {
        let table = Self.tables[Int.random(in: 0..<Self.tables.count, using: &random)]
        let entity = UInt32.random(in: 0..<3, using: &random)
        let key = KeyBuilder.key(shard, entity: entity, UInt64.random(in: 0..<40, using: &random))
        let length = Int.random(in: 0..<12, using: &random) == 0 ? 6_000 : Int.random(in: 0...40, using: &random)
        let value = [UInt8](repeating: UInt8.random(in: 0...3, using: &random), count: length)
        switch Int.random(in: 0..<12, using: &random) {
        case 0: return .delete(table, key: key)
        case 1:
            let limit = Int.random(in: 1...30, using: &random)
            return .deletePrefix(table, prefix: KeyBuilder.key(shard, entity: entity), limit: limit)
        case 2: return .requireAbsent(table, key: key)
        case 3: return .requireEqual(table, key: key, value: value)
        case 4...6: return .append(table, key: key, value: value)
        default: return .put(table, key: key, value: value)
        }
    }

    /// Commits the units in order and returns those that were applied.
    private func commit(_ units: [CommitUnit], to store: any Store) async throws -> [CommitUnit] {
        var applied: [CommitUnit] = []
        for unit in units where await reason({ try await store.commit(unit) }) == nil { applied.append(unit) }
        return applied
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func bothStoresComeToTheSameTables(_ seed: UInt64) async throws {
        let units = units(seed, 400)
        let model = MemoryStore()
        let applied = try await commit(units, to: model)
        #expect((50..<400).contains(applied.count))
        let expected = try contents(model)
        for (kind, history) in [(StoreKind.lmdb, units), (.lmdb, applied), (.memory, applied)] {
            let (count, found) = try await kind.with { store in
                (try await commit(history, to: store).count, try contents(store))
            }
            #expect(count == applied.count)
            #expect(found == expected)
        }
    }
}
