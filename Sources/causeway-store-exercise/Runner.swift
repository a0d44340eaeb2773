import CausewayCore
import CausewayStore
@preconcurrency import Glibc
import Synchronization

/// Performs the scripts of several shards at once, each from where its shard stands, and prints what became of each unit, a line each:
/// `sent SHARD N`, `ack SHARD N`, `fail SHARD N REASON`, `gaveup SHARD N`, `fatal REASON`, `end`.
struct Runner {
    /// Attempts for one unit before giving up.
    private static let attempts = 6

    let folder: String
    let shards: UInt64
    let units: UInt64
    let hooks: StoreHooks

    func run() async throws {
        let store = try LMDBStore.open(at: folder, clock: MachineClock(), hooks: hooks) { print("fatal \($0.reason)") }
        defer { store.close() }
        let epoch = try await retrying { () async throws(CausewayError) in try await store.nextEpoch() }
        await withTaskGroup(of: Void.self) { group in
            for shard in 0..<shards { group.addTask { await perform(shard, epoch, store) } }
        }
        print("end")
    }

    private func perform(_ shard: UInt64, _ epoch: UInt64, _ store: LMDBStore) async {
        var script = Script(shard: shard)
        let stored: UInt64
        do {
            stored = try position(of: script.shard, in: store)
        } catch {
            print("fail \(shard) 0 \(CausewayError.wrapping(error).reason)")
            return
        }
        while script.number < units {
            let unit = script.next(epoch: epoch)
            let number = script.number
            guard number > stored else { continue }
            Marks.sent(shard, number)
            guard await commit(unit, shard, number, store) else { return }
        }
    }

    private func position(of shard: ShardID, in store: LMDBStore) throws -> UInt64 {
        try store.read { transaction in
            let record = try transaction.get(.ownership, KeyBuilder.key(shard)) { OwnershipRecord.read($0) }
            return record??.position ?? 0
        }
    }

    private func commit(_ unit: CommitUnit, _ shard: UInt64, _ number: UInt64, _ store: LMDBStore) async -> Bool {
        for _ in 0..<Self.attempts {
            do throws(CausewayError) {
                let receipt = try await store.commit(unit)
                guard receipt.position == number else {
                    print("wrong \(shard) \(number) position \(receipt.position)")
                    return false
                }
                Marks.acknowledged(shard, number)
                return true
            } catch {
                print("fail \(shard) \(number) \(error.reason)")
                guard error.reason == "STORE_FULL" || error.reason == "STORE_IO" else { return false }
            }
        }
        print("gaveup \(shard) \(number)")
        return false
    }

    private func retrying<T>(_ body: () async throws(CausewayError) -> T) async throws(CausewayError) -> T {
        for _ in 1..<Self.attempts {
            do throws(CausewayError) {
                return try await body()
            } catch {
                print("fail epoch 0 \(error.reason)")
                guard error.reason == "STORE_FULL" || error.reason == "STORE_IO" else { throw error }
            }
        }
        return try await body()
    }
}

/// Says what was sent and acknowledged: to the output, and to the recorder of `tools/faults` when it is loaded.
enum Marks {
    private typealias Mark = @convention(c) (UInt32, UInt64) -> Void
    private static let recorder: Mark? = dlsym(nil, "faults_mark").map { unsafeBitCast($0, to: Mark.self) }

    static func sent(_ shard: UInt64, _ number: UInt64) {
        print("sent \(shard) \(number)")
        recorder?(8, shard << 48 | number)
    }

    static func acknowledged(_ shard: UInt64, _ number: UInt64) {
        recorder?(9, shard << 48 | number)
        print("ack \(shard) \(number)")
    }
}

/// The machine's monotonic clock; the exercise needs no other.
struct MachineClock: CausewayClock {
    var now: Timestamp { Timestamp(micros: uptime.microseconds) }

    var uptime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}
