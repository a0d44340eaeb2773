import CausewayCore

/// The one writer: a thread that takes whatever waits and puts it into one transaction.
final class Writer: Sendable {
    /// A change that waits, and who waits for it.
    struct Job: Sendable {
        enum Work: Sendable {
            case unit(CommitUnit)
            /// All or none.
            case units([CommitUnit])
            case nextEpoch
        }
        var work: Work
        var bytes: Int
        var changes: Int
        var done: CheckedContinuation<Result<UInt64, CausewayError>, Never>
    }

    /// What the writer has done since it started.
    struct Tally: Sendable {
        var commits: UInt64 = 0
        var units: UInt64 = 0
        var times = WriteTimes()
    }

    private struct State {
        var queue: [Job] = []
        var tally = Tally()
        /// No more is taken; what is queued is still done.
        var isClosing = false
        /// No more is done either.
        var hasStopped = false
    }

    private let options: StoreOptions
    private let clock: any CausewayClock
    private let beforeTransaction: (@Sendable (Int) -> Void)?
    private let onFatal: @Sendable (CausewayError) -> Void
    private let state = Monitor(State())

    init(
        options: StoreOptions, clock: any CausewayClock,
        beforeTransaction: (@Sendable (Int) -> Void)?, onFatal: @escaping @Sendable (CausewayError) -> Void
    ) {
        self.options = options
        self.clock = clock
        self.beforeTransaction = beforeTransaction
        self.onFatal = onFatal
    }

    var tally: Tally { state.update { $0.tally } }
    /// Changes that wait.
    var waiting: Int { state.update { $0.queue.count } }
    var hasStopped: Bool { state.update { $0.hasStopped } }

    /// Returns when `work` is durable, or refused. Each caller waits for its own, so the queue is as long as there are
    /// callers, up to its limit.
    func perform(_ work: Job.Work) async throws(CausewayError) -> UInt64 {
        let (bytes, changes) =
            switch work {
            case .unit(let unit): (unit.byteCount, unit.changeCount)
            case .units(let units): (units.byteCount, units.changeCount)
            case .nextEpoch: (0, 1)
            }
        let result = await withCheckedContinuation { done in
            submit(Job(work: work, bytes: bytes, changes: changes, done: done))
        }
        return try result.get()
    }

    private func submit(_ job: Job) {
        let refusal: CausewayError? = state.update { state in
            if state.isClosing || state.hasStopped { return .storeStopped }
            guard state.queue.count < options.greatestQueue else { return .storeBusy(state.queue.count) }
            state.queue.append(job)
            return nil
        }
        if let refusal { job.done.resume(returning: .failure(refusal)) }
    }

    /// Takes no more; `run` returns when what is queued is done.
    func close() {
        state.update { $0.isClosing = true }
    }

    /// The writer's thread. It alone holds the environment for writing, and lets it go at its end.
    func run(on environment: SharedEnvironment) {
        var health = WriterHealth()
        while let group = nextGroup() {
            beforeTransaction?(group.count)
            let (started, computed) = (clock.uptime, StoreThread.processorTime)
            let results = WriteGroup(environment, options).run(group, &health)
            let (taken, processorTime) = (clock.uptime - started, StoreThread.processorTime - computed)
            state.update { state in
                if results.didCommit { state.tally.commits += 1 }
                state.tally.units += UInt64(results.applied)
                let bytes = group.reduce(0) { $0 + $1.bytes }
                state.tally.times.add(taken, processorTime: processorTime, bytes: bytes)
                if health.fatal != nil { state.hasStopped = true }
            }
            for (job, outcome) in zip(group, results.outcomes) { job.done.resume(returning: outcome) }
            guard let fatal = health.fatal else { continue }
            fail(everybodyWith: .storeStopped)
            onFatal(fatal)
            return
        }
    }

    private func fail(everybodyWith error: CausewayError) {
        let left = state.update { state in
            defer { state.queue = [] }
            return state.queue
        }
        for job in left { job.done.resume(returning: .failure(error)) }
    }

    /// The jobs of the next transaction: as many as waited, up to what a transaction takes. Nil when closing is done.
    private func nextGroup() -> [Job]? {
        state.wait { state -> [Job]?? in
            guard !state.queue.isEmpty else { return state.isClosing ? .some(nil) : nil }
            var (count, bytes, changes) = (0, 0, 0)
            for job in state.queue {
                bytes += job.bytes
                changes += job.changes
                guard count == 0 || bytes <= UnitRules.greatestUnitBytes && changes <= UnitRules.greatestUnitChanges
                else { break }
                count += 1
            }
            let group = Array(state.queue.prefix(count))
            state.queue.removeFirst(count)
            return .some(group)
        }
    }
}

/// How long write transactions took, each from its beginning until it was on disk.
package struct WriteTimes: Hashable, Sendable {
    package var total = Duration.zero
    package var longest = Duration.zero
    /// Of the longest, on a processor; the rest is the disk, and other threads.
    package var processorTimeOfLongest = Duration.zero
    /// Keys and values of the longest.
    package var bytesOfLongest = 0
    /// The most that any took of a processor.
    package var greatestProcessorTime = Duration.zero

    mutating func add(_ duration: Duration, processorTime: Duration, bytes: Int) {
        total += duration
        greatestProcessorTime = max(greatestProcessorTime, processorTime)
        guard duration > longest else { return }
        (longest, processorTimeOfLongest, bytesOfLongest) = (duration, processorTime, bytes)
    }
}

/// What the writer remembers of the disk's behaviour.
struct WriterHealth {
    /// Failures of the disk, one after the other, that were not a full disk.
    var failuresInARow = 0
    /// Why no more can be written.
    var fatal: CausewayError?

    static let greatestFailuresInARow = 3
}
