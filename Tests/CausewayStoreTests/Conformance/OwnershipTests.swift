import CausewayCore
import CausewayStore
import Testing

/// Ownership, requirements and limits of units, on every store.
@Suite struct OwnershipTests {
    @Test(arguments: StoreKind.allCases)
    func positionsCountTheUnitsOfEachShard(_ kind: StoreKind) async throws {
        try await kind.with { store in
            #expect(try await store.commit(CommitUnit(.one)).position == 1)
            #expect(try await store.commit(CommitUnit(.two)).position == 1)
            #expect(try await store.commit(CommitUnit(.one)).position == 2)
            let stored = try store.read { transaction in
                try transaction.get(.ownership, KeyBuilder.key(.one)) { OwnershipRecord.read($0) }
            }
            #expect(stored == OwnershipRecord(epoch: 1, position: 2))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aLaterEpochTakesOverAndTheEarlierIsRefused(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let key = KeyBuilder.key(.one, "a")
            try await store.commit(CommitUnit(.one, epoch: 3, [.put(.settings, key: key, value: [3])]))
            let late = CommitUnit(.one, epoch: 2, [.put(.settings, key: key, value: [2])])
            #expect(await reason { try await store.commit(late) } == "OWNERSHIP_LOST")
            #expect(try store.read { try $0.value(.settings, key) } == [3])
            #expect(try await store.commit(CommitUnit(.one, epoch: 4)).position == 2)
            #expect(await reason { try await store.commit(CommitUnit(.one, epoch: 3)) } == "OWNERSHIP_LOST")
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aRequirementThatDoesNotHoldRefusesTheWholeUnit(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let (a, b) = (KeyBuilder.key(.one, "a"), KeyBuilder.key(.one, "b"))
            try await store.commit(CommitUnit(.one, [.put(.settings, key: a, value: [1])]))
            let write = Mutation.put(.settings, key: b, value: [9])
            let refused: [Mutation] = [
                .requireAbsent(.settings, key: a), .requireEqual(.settings, key: a, value: [2]),
                .requireEqual(.settings, key: a, value: []), .requireEqual(.settings, key: a, value: [1, 1]),
                .requireEqual(.settings, key: b, value: []),
            ]
            for requirement in refused {
                #expect(
                    await reason { try await store.commit(CommitUnit(.one, [write, requirement])) } == "COMMIT_CONFLICT"
                )
            }
            #expect(try store.read { try $0.contains(.settings, b) } == false)
            let held: [Mutation] = [
                .requireEqual(.settings, key: a, value: [1]), .requireAbsent(.settings, key: b), write,
            ]
            #expect(try await store.commit(CommitUnit(.one, held)).position == 2)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func requirementsLookAtTheStateBeforeTheUnit(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let key = KeyBuilder.key(.one, "a")
            try await store.commit(
                CommitUnit(.one, [.put(.settings, key: key, value: [1]), .requireAbsent(.settings, key: key)]))
            #expect(try store.read { try $0.value(.settings, key) } == [1])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func unitsThatBreakTheRulesAreRefused(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let key = KeyBuilder.key(.one, "a")
            let long = key + [UInt8](repeating: 0, count: UnitRules.greatestKeyBytes)
            let wrong: [Mutation] = [
                .put(.settings, key: KeyBuilder.key(.two, "a"), value: []),
                .put(.settings, key: [1, 2], value: []), .put(.settings, key: [], value: []),
                .deletePrefix(.settings, prefix: [], limit: 10), .deletePrefix(.settings, prefix: key, limit: 0),
                .put(.settings, key: long, value: []), .delete(.settings, key: long),
                .put(.ownership, key: KeyBuilder.key(.one), value: []),
                .requireAbsent(.settings, key: KeyBuilder.key(.two, "a")),
                .put(.settings, key: key, value: [UInt8](repeating: 0, count: UnitRules.greatestValueBytes + 1)),
            ]
            for mutation in wrong {
                let unit = CommitUnit(.one, [.put(.settings, key: key, value: [1]), mutation])
                #expect(await reason { try await store.commit(unit) } == "UNIT_INVALID", "\(mutation.table)")
            }
            #expect(try store.read { try $0.contains(.settings, key) } == false)
            let longest = [UInt8](long.prefix(UnitRules.greatestKeyBytes))
            try await store.commit(CommitUnit(.one, [.put(.settings, key: longest, value: [7])]))
            #expect(try store.read { try $0.value(.settings, longest) } == [7])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func unitsThatAreTooLargeAreRefused(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let value = [UInt8](repeating: 1, count: UnitRules.greatestValueBytes)
            let bytes = (0..<5 as Range<UInt64>).map {
                Mutation.put(.segments, key: KeyBuilder.key(.one, $0), value: value)
            }
            #expect(await reason { try await store.commit(CommitUnit(.one, bytes)) } == "UNIT_TOO_LARGE")
            let sweep = Mutation.deletePrefix(.files, prefix: KeyBuilder.key(.one), limit: Int.max)
            #expect(await reason { try await store.commit(CommitUnit(.one, [sweep, sweep])) } == "UNIT_TOO_LARGE")
        }
    }
}
