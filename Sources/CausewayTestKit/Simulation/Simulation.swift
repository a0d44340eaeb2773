package import CausewayCore
import Glibc

/// A world on one thread, from one seed: it runs every job of its tasks in an order drawn from the seed, and moves time
/// only when nothing else is left to do. The same seed gives the same history.
///
/// Everything in the world is spawned by ``spawner`` and sleeps on ``clock``; a job that comes from another thread is a
/// leak and traps. Actors need nothing special: a task that prefers this executor takes them along.
package final class Simulation: TaskExecutor, @unchecked Sendable {
    // Only ever touched on the thread that made it; `enqueue` checks that.

    /// How a drive ended.
    package enum End: Hashable, Sendable {
        /// The body has returned, and what it spawned has too.
        case done
        /// Nothing is ready, no timer is set, and the body has not returned: something waits for ever.
        case stuck
        /// More jobs than any honest history needs.
        case livelock
    }

    /// One thing that happened, for the report of a failing seed.
    package struct Event: Hashable, Sendable {
        package var time: Timestamp
        package var text: String
    }

    private struct Timer {
        var due: Int64
        var sequence: UInt64
        var sleeper: UInt64
    }

    private let thread = pthread_self()
    private var generator: SeededGenerator
    private var ready: [UnownedJob] = []
    private var timers: [Timer] = []
    private var sleepers: [UInt64: CheckedContinuation<Void, any Error>] = [:]
    private var sequence: UInt64 = 0
    private let origin: Timestamp
    /// Microseconds since the world began.
    private var elapsed: Int64 = 0
    package private(set) var steps = 0
    /// A hash of every choice: equal histories have equal traces.
    package private(set) var trace: UInt64 = 1_469_598_103_934_665_603
    package private(set) var events: [Event] = []
    /// Looked at after every job; a text is a violation and ends the drive.
    package var invariant: (() -> String?)?
    package private(set) var violation: String?

    /// - Parameter origin: the civil time at which the world begins.
    package init(seed: UInt64, origin: Timestamp = Timestamp(seconds: 1_773_000_000)) {
        generator = SeededGenerator(seed: seed)
        self.origin = origin
    }

    // MARK: The world's effects

    package var clock: SimulatedClock { SimulatedClock(simulation: self) }
    package var random: SimulatedRandom { SimulatedRandom(simulation: self) }
    package var spawner: Spawner {
        Spawner { _, operation in Task(executorPreference: self) { await operation() } }
    }

    package func draw(below bound: Int) -> Int { generator.below(bound) }
    package func chance(_ permille: Int) -> Bool { generator.chance(permille) }

    /// Writes down what happened; the last 200 are kept.
    package func note(_ text: @autoclosure () -> String) {
        if events.count >= 400 { events.removeFirst(200) }
        events.append(Event(time: now, text: text()))
    }

    var now: Timestamp { Timestamp(micros: origin.micros + elapsed) }
    var uptime: Duration { .microseconds(elapsed) }
    func next() -> UInt64 { generator.next() }

    // MARK: Running

    package func enqueue(_ job: consuming ExecutorJob) {
        precondition(pthread_equal(pthread_self(), thread) != 0, "a job of the simulation came from another thread")
        ready.append(UnownedJob(job))
    }

    /// Runs `body` and everything that comes of it until it has returned.
    ///
    /// - Parameter limit: jobs after which the drive counts as a livelock.
    package func run(limit: Int = 5_000_000, _ body: @escaping @Sendable () async -> Void) -> End {
        let finished = Flag()
        let root = Task(executorPreference: self) {
            await body()
            finished.isSet = true
        }
        defer { root.cancel() }
        return drive(until: finished, limit: limit)
    }

    private func drive(until finished: Flag, limit: Int) -> End {
        while true {
            if ready.isEmpty {
                if finished.isSet { return .done }
                guard let timer = popTimer() else { return .stuck }
                elapsed = max(elapsed, timer.due)
                sleepers.removeValue(forKey: timer.sleeper)?.resume()
                continue
            }
            let index = generator.below(ready.count)
            ready.swapAt(index, ready.count - 1)
            let job = ready.removeLast()
            steps += 1
            trace = (trace ^ UInt64(index) ^ UInt64(bitPattern: elapsed)) &* 1_099_511_628_211
            guard steps <= limit else { return .livelock }
            job.runSynchronously(on: asUnownedTaskExecutor())
            if violation == nil, let found = invariant?() {
                violation = found
                return .done
            }
        }
    }

    private final class Flag: @unchecked Sendable {
        // Set and read on the simulation's thread.
        var isSet = false
    }

    // MARK: Time

    func sleep(for duration: Duration) async throws {
        sequence += 1
        let sleeper = sequence
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                guard !Task.isCancelled else {
                    continuation.resume(throwing: CancellationError())
                    return
                }
                sleepers[sleeper] = continuation
                sequence += 1
                push(Timer(due: elapsed + max(0, duration.microseconds), sequence: sequence, sleeper: sleeper))
            }
        } onCancel: {
            if let continuation = sleepers.removeValue(forKey: sleeper) {
                continuation.resume(throwing: CancellationError())
            }
        }
    }

    private func isBefore(_ a: Timer, _ b: Timer) -> Bool { (a.due, a.sequence) < (b.due, b.sequence) }

    private func push(_ timer: Timer) {
        timers.append(timer)
        var child = timers.count - 1
        while child > 0, isBefore(timers[child], timers[(child - 1) / 2]) {
            timers.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private func popTimer() -> Timer? {
        guard !timers.isEmpty else { return nil }
        timers.swapAt(0, timers.count - 1)
        let first = timers.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < timers.count && isBefore(timers[child], timers[least]) {
                least = child
            }
            guard least != parent else { return first }
            timers.swapAt(parent, least)
            parent = least
        }
    }
}

/// The world's time.
package struct SimulatedClock: CausewayClock {
    let simulation: Simulation
    package var now: Timestamp { simulation.now }
    package var uptime: Duration { simulation.uptime }
    package func sleep(for duration: Duration) async throws { try await simulation.sleep(for: duration) }
}

/// The world's chance.
package struct SimulatedRandom: RandomSource {
    let simulation: Simulation
    package func next() -> UInt64 { simulation.next() }
}
