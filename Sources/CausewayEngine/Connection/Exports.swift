import CausewayCore
import Synchronization

/// Which shards' records are being exported. An export remembers segments from piece to piece, so compaction leaves a
/// shard alone as long as there is one.
///
/// Whoever begins an export, and whoever changes segments, holds the connection's ``WriteGate`` meanwhile: so neither
/// misses the other.
final class Exports: Sendable {
    private struct State {
        var counts: [ShardID: Int] = [:]
        /// Shards in which compaction waits for the end of exports.
        var waiting: Set<ShardID> = []
    }
    private let state = Mutex(State())

    func begin(_ shard: ShardID) { state.withLock { $0.counts[shard, default: 0] += 1 } }

    /// - Returns: whether compaction waited for this, the last one.
    func end(_ shard: ShardID) -> Bool {
        state.withLock { state in
            let left = (state.counts[shard] ?? 1) - 1
            state.counts[shard] = left > 0 ? left : nil
            return left <= 0 && state.waiting.remove(shard) != nil
        }
    }

    /// Whether compaction may go on; if not, the end of the last export says so.
    func allowsCompaction(of shard: ShardID) -> Bool {
        state.withLock { state in
            guard state.counts[shard] != nil else { return true }
            state.waiting.insert(shard)
            return false
        }
    }
}
