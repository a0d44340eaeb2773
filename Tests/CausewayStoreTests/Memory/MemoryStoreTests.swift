import CausewayCore
import CausewayStore
import Synchronization
import Testing

/// What simulations need of the model, beside the conformance suite.
@Suite struct MemoryStoreTests {
    private let key = KeyBuilder.key(.one, "a")
    private var unit: CommitUnit { CommitUnit(.one, [.put(.settings, key: key, value: [1])]) }

    @Test func aFaultBeforeTheCommitAppliesNothing() async throws {
        let store = MemoryStore(
            gates: .init(before: { _ throws(CausewayError) in
                throw CausewayError(.unavailable, reason: "STORE_IO", "No.")
            }))
        #expect(await reason { try await store.commit(unit) } == "STORE_IO")
        #expect(try store.read { try $0.contains(.settings, key) } == false)
        #expect(store.commits == 0)
    }

    @Test func aFaultAfterTheCommitLeavesItDurable() async throws {
        let store = MemoryStore(
            gates: .init(after: { _, receipt throws(CausewayError) in
                throw CausewayError(.unavailable, reason: "STORE_OUTCOME_UNKNOWN", "At \(receipt.position).")
            }))
        #expect(await reason { try await store.commit(unit) } == "STORE_OUTCOME_UNKNOWN")
        #expect(try store.read { try $0.value(.settings, key) } == [1])
    }

    @Test func anImageIsWhatWasDurable() async throws {
        let store = MemoryStore()
        try await store.commit(unit)
        #expect(try await store.nextEpoch() == 1)
        let image = store.image
        try await store.commit(CommitUnit(.one, [.delete(.settings, key: key)]))
        let restarted = MemoryStore(image)
        #expect(try restarted.read { try $0.value(.settings, key) } == [1])
        #expect(try store.read { try $0.contains(.settings, key) } == false)
        #expect(try await restarted.nextEpoch() == 2)
        #expect(try await restarted.commit(unit).position == 2)
    }
}
