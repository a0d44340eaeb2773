import CausewayCore
import CausewayStore
import Testing

/// The low-water mark; a disk that is really full is for `tools/faults`.
@Suite struct FullDiskTests {
    private func large(_ number: UInt64) -> CommitUnit {
        let value = [UInt8](repeating: 1, count: 2 << 20)
        return CommitUnit(.one, [.put(.segments, key: KeyBuilder.key(.one, number), value: value)])
    }

    @Test func belowTheMarkOnlySmallUnitsAreTaken() async throws {
        try await withTemporaryFolder { folder in
            var options = StoreOptions()
            options.lowWater = StoreOptions.LowWater(bytes: .max, percent: 0)
            let store = try openStore(folder, options: options)
            defer { store.close() }
            #expect(await reason { try await store.commit(large(1)) } == "STORE_FULL")
            #expect(try await store.commit(CommitUnit(.one)).position == 1)
            #expect(try store.read { try $0.contains(.segments, KeyBuilder.key(.one, 1)) } == false)
        }
    }

    @Test func aRefusalForRoomIsWorthAnotherTry() async throws {
        try await withTemporaryFolder { folder in
            var options = StoreOptions()
            options.lowWater = StoreOptions.LowWater(bytes: .max, percent: 0)
            let store = try openStore(folder, options: options)
            defer { store.close() }
            do throws(CausewayError) {
                try await store.commit(large(1))
                Issue.record("taken")
            } catch {
                #expect(error.code == .resourceExhausted)
                #expect(error.retry == .backoff)
            }
        }
    }

    @Test func aFullMapIsFullAndHarmsNoOther() async throws {
        try await withTemporaryFolder { folder in
            var options = StoreOptions()
            options.mapBytes = 4 << 20
            options.lowWater = StoreOptions.LowWater(bytes: 0, percent: 0)
            let gate = WriterGate()
            let store = try openStore(folder, options: options, hooks: gate.hooks)
            defer { store.close() }
            try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask { await reason { try await store.commit(CommitUnit(.two)) } }
                try await gate.waitUntilReached()
                for number in 0..<3 as Range<UInt64> {
                    group.addTask { await reason { try await store.commit(large(number)) } }
                }
                group.addTask { await reason { try await store.commit(CommitUnit(.two)) } }
                while store.waiting < 4 { await Task.yield() }
                gate.open()
                var outcomes: [String: Int] = [:]
                for try await outcome in group { outcomes[outcome ?? "done", default: 0] += 1 }
                #expect(outcomes == ["done": 3, "STORE_FULL": 2])
            }
        }
    }
}
