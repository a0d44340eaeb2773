import CausewayCore
import CausewayStore
import Testing

/// Units of several shards that are applied together, on every store.
@Suite struct JointCommitTests {
    private static let a = KeyBuilder.key(.one, "a")
    private static let b = KeyBuilder.key(.two, "b")

    private func position(_ shard: ShardID, _ store: any Store) throws -> UInt64? {
        try store.read { transaction in
            try transaction.get(.ownership, KeyBuilder.key(shard)) { OwnershipRecord.read($0)?.position ?? 0 }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func allAreAppliedAndEachShardCountsItsOwn(_ kind: StoreKind) async throws {
        try await kind.with { store in
            try await store.commit(CommitUnit(.two))
            try await store.commit(together: [
                CommitUnit(.one, [.put(.settings, key: Self.a, value: [1])]),
                CommitUnit(.two, [.put(.credentials, key: Self.b, value: [2])]),
            ])
            #expect(try store.read { try $0.value(.settings, Self.a) } == [1])
            #expect(try store.read { try $0.value(.credentials, Self.b) } == [2])
            #expect(try position(.one, store) == 1)
            #expect(try position(.two, store) == 2)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func oneThatIsRefusedRefusesAll(_ kind: StoreKind) async throws {
        try await kind.with { store in
            try await store.commit(CommitUnit(.two, epoch: 5))
            let first = CommitUnit(.one, [.put(.settings, key: Self.a, value: [1])])
            let refused: [(CommitUnit, String)] = [
                (CommitUnit(.two, epoch: 5, [.requireEqual(.settings, key: Self.b, value: [])]), "COMMIT_CONFLICT"),
                (CommitUnit(.two, epoch: 4), "OWNERSHIP_LOST"),
                (CommitUnit(.two, epoch: 5, [.delete(.settings, key: Self.a)]), "UNIT_INVALID"),
                (CommitUnit(.one), "UNIT_INVALID"),
            ]
            for (second, expected) in refused {
                for units in [[first, second], [second, first]] {
                    #expect(await reason { try await store.commit(together: units) } == expected)
                }
            }
            #expect(try store.read { try $0.contains(.settings, Self.a) } == false)
            #expect(try position(.one, store) == nil)
            #expect(try position(.two, store) == 1)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func noUnitsAreNothing(_ kind: StoreKind) async throws {
        try await kind.with { store in
            try await store.commit(together: [])
            #expect(try contents(store).values.allSatisfy(\.isEmpty))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func theyMayBeMoreThanOneUnitMayHold(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let shards = (1...UInt64(UnitRules.greatestUnitChanges)).map { ShardID(high: 9, low: $0) }
            try await store.commit(
                together: shards.map { shard in
                    CommitUnit(shard, [.put(.credentials, key: KeyBuilder.key(shard, "password"), value: [1, 2, 3])])
                })
            let count = try store.read { try $0.count(.credentials, KeyRange(from: [], upTo: nil)) }
            #expect(count == shards.count)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func theirSumIsBounded(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let sweeps = (1...17 as ClosedRange<UInt64>).map { low in
                let shard = ShardID(high: 9, low: low)
                let limit = UnitRules.greatestUnitChanges
                return CommitUnit(shard, [.deletePrefix(.files, prefix: KeyBuilder.key(shard), limit: limit)])
            }
            #expect(await reason { try await store.commit(together: sweeps) } == "UNIT_TOO_LARGE")
            try await store.commit(together: Array(sweeps.prefix(12)))
        }
    }
}
