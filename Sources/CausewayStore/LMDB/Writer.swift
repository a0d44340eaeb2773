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
        var longest = LongestWrite()
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
            let write = LongestWrite(
                duration: clock.uptime - started, processorTime: StoreThread.processorTime - computed,
                units: group.count, bytes: group.reduce(0) { $0 + $1.bytes })
            state.update { state in
                if results.didCommit { state.tally.commits += 1 }
                state.tally.units += UInt64(results.applied)
                if write.duration > state.tally.longest.duration { state.tally.longest = write }
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

/// A write transaction, from its beginning until it is on disk.
package struct LongestWrite: Hashable, Sendable {
    package var duration = Duration.zero
    /// Of that, on a processor; the rest is the disk, and other threads.
    package var processorTime = Duration.zero
    /// Changes that shared it.
    package var units = 0
    /// Of their keys and values.
    package var bytes = 0
}

/// What the writer remembers of the disk's behaviour.
struct WriterHealth {
    /// Failures of the disk, one after the other, that were not a full disk.
    var failuresInARow = 0
    /// Why no more can be written.
    var fatal: CausewayError?

    static let greatestFailuresInARow = 3
}
