import CausewayCore
import CausewayEngine
import CausewayTestKit
import Testing

@Suite struct PermitsAndTimersTests {
    /// Touched on the simulation's thread only.
    private final class Record: @unchecked Sendable {
        var running = 0
        var most = 0
        var order: [Int] = []
        var fired: [(ShardID, Timestamp, Timestamp)] = []
    }

    @Test("no more than the permits run at once, and each waits its turn", arguments: 1...20 as ClosedRange<UInt64>)
    func permits(seed: UInt64) {
        let simulation = Simulation(seed: seed)
        let permits = RunPermits(limit: 3)
        let record = Record()
        let end = simulation.run {
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<12 {
                    group.addTask {
                        _ = try? await permits.withPermit {
                            record.running += 1
                            record.most = max(record.most, record.running)
                            try await simulation.clock.sleep(for: .milliseconds(10))
                            record.running -= 1
                            record.order.append(index)
                        }
                    }
                }
            }
        }
        #expect(end == .done)
        #expect(record.most == 3)
        #expect(record.order.count == 12)
        #expect(permits.figures.running == 0)
    }

    @Test("a wait that is cancelled takes no permit", arguments: 1...20 as ClosedRange<UInt64>)
    func cancelledWait(seed: UInt64) {
        let simulation = Simulation(seed: seed)
        let permits = RunPermits(limit: 1)
        let record = Record()
        let end = simulation.run {
            let holder = simulation.spawner {
                _ = try? await permits.withPermit { try await simulation.clock.sleep(for: .seconds(1)) }
            }
            try? await simulation.clock.sleep(for: .milliseconds(1))
            let waiter = simulation.spawner {
                _ = try? await permits.withPermit { record.order.append(1) }
            }
            try? await simulation.clock.sleep(for: .milliseconds(1))
            waiter.cancel()
            await waiter.value
            record.order.append(0)
            await holder.value
        }
        #expect(end == .done)
        #expect(record.order == [0])
        #expect(permits.figures == (0, 0))
    }

    @Test("timers fire at their time, the last setting counts, and a disarmed one is silent")
    func timers() {
        let simulation = Simulation(seed: 1)
        let start = simulation.clock.now
        let queue = TimerQueue(clock: simulation.clock, spawner: simulation.spawner)
        let record = Record()
        let shards = (1...4).map { ShardID(high: 0, low: $0) }
        let end = simulation.run {
            let running = simulation.spawner {
                await queue.run { shard, due in record.fired.append((shard, due, simulation.clock.now)) }
            }
            try? await simulation.clock.sleep(for: .seconds(1))
            await queue.arm(shards[0], at: start + .seconds(500))
            await queue.arm(shards[1], at: start + .seconds(100))
            await queue.arm(shards[2], at: start + .seconds(50))
            await queue.arm(shards[3], at: start + .seconds(70))
            await queue.arm(shards[0], at: start + .seconds(60))
            await queue.disarm(shards[3])
            try? await simulation.clock.sleep(for: .seconds(1_000))
            running.cancel()
            await running.value
        }
        #expect(end == .done)
        #expect(record.fired.map(\.0) == [shards[2], shards[0], shards[1]])
        for (_, due, at) in record.fired { #expect(at - due < .milliseconds(2) && at >= due) }
    }

    @Test("a failing child is restarted ever later, then parked; forgiveness starts over")
    func restarts() {
        let policy = RestartPolicy(
            backoff: Backoff(base: .seconds(1), ceiling: .seconds(60), limit: .max), window: .seconds(3_600),
            intensity: 4)
        var history = RestartHistory()
        var random = SeededGenerator(seed: 3)
        let now = Timestamp(seconds: 1_000_000)
        func fail(at time: Timestamp) -> RestartHistory.Decision {
            history.failed(at: time, why: "because", policy: policy, random: &random)
        }
        for attempt in 0..<3 {
            guard case .restart(let wait) = fail(at: now) else {
                Issue.record("parked too early")
                return
            }
            #expect(wait <= .seconds(1 << attempt))
        }
        #expect(fail(at: now) == .park)
        #expect(history.lastFailure == "because")
        history.forgive()
        #expect(fail(at: now) != .park)
        // Failures that are older than the window do not count.
        #expect(fail(at: now + .seconds(4_000)) != .park)
    }
}
