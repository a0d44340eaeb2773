import CausewayCore
import CausewayStore
import Testing

/// What happens to changes that share a transaction.
@Suite struct GroupCommitTests {
    @Test func whatWaitsGoesIntoOneTransaction() async throws {
        try await withTemporaryFolder { folder in
            let gate = WriterGate()
            let store = try openStore(folder, hooks: gate.hooks)
            defer { store.close() }
            try await withThrowingTaskGroup(of: UInt64.self) { group in
                group.addTask { try await store.commit(CommitUnit(.one)).position }
                try await gate.waitUntilReached()
                for index in 0..<50 as Range<UInt64> {
                    let key = KeyBuilder.key(.one, index)
                    group.addTask {
                        try await store.commit(CommitUnit(.one, [.put(.runs, key: key, value: [])])).position
                    }
                }
                await untilQueued(50, store)
                gate.open()
                var positions: [UInt64] = []
                for try await position in group { positions.append(position) }
                #expect(positions.sorted() == Array(1...51))
            }
            #expect(gate.sizes == [1, 50])
            let figures = try store.figures()
            #expect(figures.commits == 2)
            #expect(figures.units == 51)
        }
    }

    @Test func aRefusedUnitDoesNotHarmItsGroup() async throws {
        try await withTemporaryFolder { folder in
            let gate = WriterGate()
            let store = try openStore(folder, hooks: gate.hooks)
            defer { store.close() }
            let key = KeyBuilder.key(.one, "taken")
            try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask { await reason { try await store.commit(CommitUnit(.one, epoch: 2)) } }
                try await gate.waitUntilReached()
                for index in 0..<10 as Range<UInt64> {
                    let own = KeyBuilder.key(.one, index)
                    let claim: [Mutation] = [
                        .put(.runs, key: own, value: [1]), .put(.settings, key: key, value: [UInt8(index)]),
                        .requireAbsent(.settings, key: key),
                    ]
                    let stale = CommitUnit(.two, epoch: 1, [.put(.runs, key: KeyBuilder.key(.two, index), value: [])])
                    group.addTask { await reason { try await store.commit(CommitUnit(.one, epoch: 2, claim)) } }
                    group.addTask { await reason { try await store.commit(stale) } }
                    let late = CommitUnit(.one, epoch: 1, [.put(.files, key: own, value: [1])])
                    group.addTask { await reason { try await store.commit(late) } }
                }
                await untilQueued(30, store)
                gate.open()
                var outcomes: [String: Int] = [:]
                for try await outcome in group { outcomes[outcome ?? "done", default: 0] += 1 }
                #expect(outcomes == ["done": 12, "COMMIT_CONFLICT": 9, "OWNERSHIP_LOST": 10])
            }
            #expect(gate.sizes == [1, 30])
            let (claims, stale, late) = try store.read { transaction in
                (
                    try transaction.count(.runs, KeyRange(prefix: KeyBuilder.key(.one))),
                    try transaction.count(.runs, KeyRange(prefix: KeyBuilder.key(.two))),
                    try transaction.count(.files, KeyRange(prefix: KeyBuilder.key(.one)))
                )
            }
            #expect(claims == 1)
            #expect(stale == 10)
            #expect(late == 0)
        }
    }

    @Test func closingFinishesWhatWaits() async throws {
        try await withTemporaryFolder { folder in
            let gate = WriterGate()
            let store = try openStore(folder, hooks: gate.hooks)
            try await withThrowingTaskGroup(of: UInt64.self) { group in
                group.addTask { try await store.commit(CommitUnit(.one)).position }
                try await gate.waitUntilReached()
                group.addTask { try await store.commit(CommitUnit(.two)).position }
                await untilQueued(1, store)
                gate.open()
                try await onOwnThread { store.close() }
                for try await position in group { #expect(position == 1) }
            }
        }
    }

    @Test func aFullQueueRefuses() async throws {
        try await withTemporaryFolder { folder in
            let gate = WriterGate()
            var options = StoreOptions()
            options.greatestQueue = 1
            let store = try openStore(folder, options: options, hooks: gate.hooks)
            defer { store.close() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await store.commit(CommitUnit(.one)) }
                try await gate.waitUntilReached()
                group.addTask { try await store.commit(CommitUnit(.two)) }
                await untilQueued(1, store)
                #expect(await reason { try await store.commit(CommitUnit(.one)) } == "STORE_BUSY")
                gate.open()
                try await group.waitForAll()
            }
            #expect(try await store.commit(CommitUnit(.one)).position == 2)
        }
    }

    /// Returns when so many changes wait.
    private func untilQueued(_ count: Int, _ store: LMDBStore) async {
        while store.waiting < count { await Task.yield() }
    }
}
