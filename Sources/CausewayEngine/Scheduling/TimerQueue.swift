package import CausewayCore

/// All timers of the engine in one heap, with one sleeping task. An idle connection costs one entry.
package actor TimerQueue {
    private struct Entry: Comparable {
        let due: Timestamp
        let shard: ShardID
        static func < (a: Entry, b: Entry) -> Bool { (a.due, a.shard) < (b.due, b.shard) }
    }

    private let clock: any CausewayClock
    private let spawner: Spawner
    /// Civil time may jump, so the queue looks at the clock at least this often.
    private let longestSleep: Duration
    /// A binary heap; entries that `armed` no longer knows are passed over.
    private var heap: [Entry] = []
    private var armed: [ShardID: Timestamp] = [:]
    private var sleeper: Task<Void, Never>?

    package init(clock: any CausewayClock, spawner: Spawner, longestSleep: Duration = .seconds(60)) {
        self.clock = clock
        self.spawner = spawner
        self.longestSleep = longestSleep
    }

    /// How many timers are armed.
    package var count: Int { armed.count }

    /// Sets the one timer of `shard`.
    package func arm(_ shard: ShardID, at due: Timestamp) {
        armed[shard] = due
        push(Entry(due: due, shard: shard))
        if heap.first?.shard == shard { sleeper?.cancel() }
        if heap.count > 64, heap.count > armed.count * 4 { compact() }
    }

    package func disarm(_ shard: ShardID) { armed[shard] = nil }

    /// Calls `fire` for each timer that is due, several at a time, until the task is cancelled.
    package func run(fire: @escaping @Sendable (ShardID, Timestamp) async -> Void) async {
        while !Task.isCancelled {
            let due = takeDue(at: clock.now)
            guard due.isEmpty else {
                await fireAll(due, fire)
                continue
            }
            let wait = min(longestSleep, heap.first.map { $0.due - clock.now } ?? longestSleep)
            let sleeping = spawner { [clock] in try? await clock.sleep(for: max(wait, .milliseconds(1))) }
            sleeper = sleeping
            await withTaskCancellationHandler {
                await sleeping.value
            } onCancel: {
                sleeping.cancel()
            }
            sleeper = nil
        }
    }

    private func fireAll(
        _ due: [(ShardID, Timestamp)], _ fire: @escaping @Sendable (ShardID, Timestamp) async -> Void
    ) async {
        await withTaskGroup(of: Void.self) { group in
            for (index, (shard, slot)) in due.enumerated() {
                if index >= 64 { await group.next() }
                group.addTask { await fire(shard, slot) }
            }
        }
    }

    private func takeDue(at now: Timestamp) -> [(ShardID, Timestamp)] {
        var due: [(ShardID, Timestamp)] = []
        while let first = heap.first {
            guard armed[first.shard] == first.due else {
                pop()
                continue
            }
            guard first.due <= now else { break }
            pop()
            armed[first.shard] = nil
            due.append((first.shard, first.due))
        }
        return due
    }

    private func compact() {
        heap = armed.map { Entry(due: $0.value, shard: $0.key) }.sorted()
    }

    private func push(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func pop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
