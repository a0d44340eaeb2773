import CausewayCore
import CausewayStore
import Testing

/// What every store must do.
@Suite struct StoreConformanceTests {
    @Test(arguments: StoreKind.allCases)
    func readsBackWhatWasCommitted(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let key = KeyBuilder.key(.one, "host")
            let receipt = try await store.commit(CommitUnit(.one, [.put(.settings, key: key, value: [1, 2, 3])]))
            #expect(receipt.position == 1)
            let value = try store.read { try $0.value(.settings, key) }
            #expect(value == [1, 2, 3])
            #expect(try store.read { try $0.value(.files, key) } == nil)
            #expect(try store.read { try $0.contains(.settings, KeyBuilder.key(.one, "port")) } == false)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func keepsEmptyValues(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let key = KeyBuilder.key(.one)
            try await store.commit(CommitUnit(.one, [.put(.connections, key: key, value: [])]))
            #expect(try store.read { try $0.value(.connections, key) } == [])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func scansInBytewiseOrderBothWays(_ kind: StoreKind) async throws {
        try await kind.with { store in
            var unit = CommitUnit(.one)
            for number in (0..<1_000 as Range<UInt64>).reversed() {
                unit.put(.runs, KeyBuilder.key(.one, number), [UInt8(truncatingIfNeeded: number)])
            }
            try await store.commit(unit)
            try await store.commit(CommitUnit(.two, [.put(.runs, key: KeyBuilder.key(.two, 5), value: [9])]))
            func walk(_ range: KeyRange, reverse: Bool) throws -> [[UInt8]] {
                var keys: [[UInt8]] = []
                try store.read { transaction in
                    try transaction.scan(.runs, range, reverse: reverse) { key, _ in
                        keys.append([UInt8](key))
                        return .next
                    }
                }
                return keys
            }
            let all = KeyRange(prefix: KeyBuilder.key(.one))
            let expected = (0..<1_000 as Range<UInt64>).map { KeyBuilder.key(.one, $0) }
            #expect(try walk(all, reverse: false) == expected)
            #expect(try walk(all, reverse: true) == expected.reversed())
            let some = KeyRange(from: KeyBuilder.key(.one, 10), upTo: KeyBuilder.key(.one, 20))
            #expect(try walk(some, reverse: false) == Array(expected[10..<20]))
            #expect(try walk(some, reverse: true) == expected[10..<20].reversed())
            #expect(try walk(KeyRange(from: [], upTo: nil), reverse: true).count == 1_001)
            #expect(try walk(KeyRange(from: KeyBuilder.key(.two, 6), upTo: nil), reverse: false).isEmpty)
            #expect(try walk(KeyRange(from: [], upTo: []), reverse: true).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func stopsAScanWhenTold(_ kind: StoreKind) async throws {
        try await kind.with { store in
            var unit = CommitUnit(.one)
            for number in 0..<10 as Range<UInt64> { unit.put(.runs, KeyBuilder.key(.one, number), []) }
            try await store.commit(unit)
            var seen = 0
            try store.read { transaction in
                try transaction.scan(.runs, KeyRange(prefix: KeyBuilder.key(.one))) { _, _ in
                    seen += 1
                    return seen == 3 ? .stop : .next
                }
            }
            #expect(seen == 3)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func appendIsAPutWhereverTheKeyStands(_ kind: StoreKind) async throws {
        try await kind.with { store in
            try await store.commit(CommitUnit(.two, [.append(.runLogs, key: KeyBuilder.key(.two, 1), value: [1])]))
            try await store.commit(CommitUnit(.one, [.append(.runLogs, key: KeyBuilder.key(.one, 1), value: [2])]))
            try await store.commit(CommitUnit(.one, [.append(.runLogs, key: KeyBuilder.key(.one, 1), value: [3])]))
            #expect(try store.read { try $0.value(.runLogs, KeyBuilder.key(.one, 1)) } == [3])
            #expect(try store.read { try $0.value(.runLogs, KeyBuilder.key(.two, 1)) } == [1])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func deletesByPrefixUpToTheLimit(_ kind: StoreKind) async throws {
        try await kind.with { store in
            var unit = CommitUnit(.one)
            for number in 0..<500 as Range<UInt64> { unit.put(.files, KeyBuilder.key(.one, entity: 1, number), [1]) }
            unit.put(.files, KeyBuilder.key(.one, entity: 2, 0), [1])
            try await store.commit(unit)
            let prefix = KeyBuilder.key(.one, entity: 1)
            try await store.commit(CommitUnit(.one, [.deletePrefix(.files, prefix: prefix, limit: 300)]))
            #expect(try store.read { try $0.count(.files, KeyRange(prefix: prefix)) } == 200)
            #expect(try store.read { try $0.contains(.files, KeyBuilder.key(.one, entity: 1, 300)) })
            try await store.commit(CommitUnit(.one, [.deletePrefix(.files, prefix: prefix, limit: 300)]))
            #expect(try store.read { try $0.count(.files, KeyRange(prefix: prefix)) } == 0)
            #expect(try store.read { try $0.count(.files, KeyRange(prefix: KeyBuilder.key(.one))) } == 1)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func deletesWhatIsThereAndWhatIsNot(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let key = KeyBuilder.key(.one, "a")
            try await store.commit(CommitUnit(.one, [.put(.settings, key: key, value: [1])]))
            let gone = KeyBuilder.key(.one, "b")
            try await store.commit(CommitUnit(.one, [.delete(.settings, key: key), .delete(.settings, key: gone)]))
            #expect(try store.read { try $0.contains(.settings, key) } == false)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func laterMutationsOfAUnitWin(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let key = KeyBuilder.key(.one, "a")
            try await store.commit(
                CommitUnit(
                    .one,
                    [
                        .put(.settings, key: key, value: [1]), .delete(.settings, key: key),
                        .put(.settings, key: key, value: [2]),
                    ]))
            #expect(try store.read { try $0.value(.settings, key) } == [2])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aSnapshotDoesNotSeeLaterCommits(_ kind: StoreKind) async throws {
        try await kind.with { store in
            let key = KeyBuilder.key(.one, "a")
            try await store.commit(CommitUnit(.one, [.put(.settings, key: key, value: [1])]))
            let (first, second) = try await onOwnThread {
                try store.read { outer in
                    let first = try outer.value(.settings, key)
                    try commitAndWait(CommitUnit(.one, [.put(.settings, key: key, value: [2])]), store)
                    return (first, try outer.value(.settings, key))
                }
            }
            #expect(first == [1])
            #expect(second == [1])
            #expect(try store.read { try $0.value(.settings, key) } == [2])
        }
    }
}
