import CausewayCore
import CausewayStore
import Testing

@Suite struct ShardSizesTests {
    @Test(arguments: [1, 2, 3, 100]) func everyKeyCountsOnceWhateverTheStep(_ step: Int) async throws {
        let store = MemoryStore()
        let shards = [ShardID(high: 1, low: 7), ShardID(high: 1, low: 8)]
        for (index, shard) in shards.enumerated() {
            let values = (0..<5 as Range<UInt64>).map { number in
                Mutation.put(
                    .segments, key: KeyBuilder.key(shard, number), value: [UInt8](repeating: 1, count: 10 * (index + 1))
                )
            }
            try await store.commit(
                CommitUnit(shard, values + [.put(.quarantine, key: KeyBuilder.key(shard, 1), value: [1, 2, 3])]))
        }
        let sizes = try await ShardSizes.all(in: store, step: step)
        #expect(sizes[shards[0]]?.bytes(of: [.segments]) == 5 * (24 + 10))
        #expect(sizes[shards[1]]?.bytes(of: [.segments]) == 5 * (24 + 20))
        #expect(sizes[shards[1]]?.bytes(of: [.quarantine]) == 27)
        let both = try #require(sizes[shards[0]])
        #expect(both.total >= both.bytes(of: [.segments, .quarantine]))
    }

    @Test func replacedRecordsAreAShareOfTheSegments() async throws {
        var fixture = EntityFixture()
        let rows = (0..<300).map { ["\($0)", "old"] }
        try await fixture.take(["id", "v"], rows, key: ["id"])
        try await fixture.take(["id", "v"], rows.prefix(100).map { [$0[0], "new"] })
        let sizes = try #require(try await ShardSizes.all(in: fixture.store)[testShard])
        #expect(sizes.deadRecordBytes == sizes.bytes(of: [.segments]) / 4)
        #expect(ShardSizes().deadRecordBytes == 0)
    }
}
