import CausewayCore
import CausewayStore

/// Checks that each shard of a store has exactly the state after one unit of its script, prints `state SHARD N`, and that
/// the store still takes a change.
struct Checker {
    /// For the change: no script has it.
    private static let ownShard = ShardID(high: 1, low: 15)

    let folder: String
    let shards: UInt64

    func run() async throws {
        let store = try LMDBStore.open(at: folder, clock: MachineClock())
        for shard in 0..<shards { print("state \(shard) \(try check(ShardID(high: 1, low: shard), store))") }
        let epoch = try await store.nextEpoch()
        try await store.commit(CommitUnit(Ownership(shard: Self.ownShard, epoch: epoch)))
        store.close()
        let summary = try StoreVerifier.verify(folder)
        print("sound \(summary.entries) entries, \(summary.leakedPages) leaked pages")
    }

    private func check(_ shard: ShardID, _ store: LMDBStore) throws -> UInt64 {
        try store.read { transaction in
            let stored = try transaction.get(.ownership, KeyBuilder.key(shard)) { OwnershipRecord.read($0) } ?? nil
            let digestKey = KeyBuilder.key(shard, Script.digestName)
            let record = try transaction.value(.settings, digestKey) ?? [UInt8](repeating: 0, count: 16)
            let (number, expected) = record.withUnsafeBytes { bytes in
                (
                    UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                    UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                )
            }
            var found: UInt64 = 0
            for table in Table.allCases where table != .ownership {
                try transaction.scan(table, KeyRange(prefix: KeyBuilder.key(shard))) { key, value in
                    if table != .settings || !key.elementsEqual(digestKey) { found ^= Digest.hash(table, key, value) }
                    return .next
                }
            }
            guard found == expected, stored?.position ?? 0 == number else {
                throw CausewayError.damaged(
                    "\(shard): position \(stored?.position ?? 0), unit \(number), digest \(found) for \(expected).")
            }
            return number
        }
    }
}
