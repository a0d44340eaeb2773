import NIOCore

/// Runs tasks on an event loop.
///
/// Jobs that are enqueued while frames are being handled run right after them, before what was written is flushed, so
/// that a call whose actor is free costs no wake-up at all.
final class LoopExecutor: TaskExecutor, @unchecked Sendable {
    private let loop: any EventLoop
    // Both only touched on the loop.
    private var jobs: [UnownedJob] = []
    private var isCollecting = false

    /// Jobs run in one go before the loop looks at its sockets again.
    private static let burst = 256

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if loop.inEventLoop, isCollecting {
            jobs.append(job)
        } else {
            runLater(job)
        }
    }

    /// Calls `body` and then runs the jobs that it, and they, enqueued. To be called on the loop.
    func runningJobs<R>(of body: () -> R) -> R {
        guard !isCollecting else { return body() }
        isCollecting = true
        let result = body()
        var next = 0
        while next < jobs.count, next < Self.burst {
            jobs[next].runSynchronously(on: asUnownedTaskExecutor())
            next += 1
        }
        isCollecting = false
        for job in jobs[next...] { runLater(job) }
        jobs.removeAll(keepingCapacity: true)
        return result
    }

    private func runLater(_ job: UnownedJob) {
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
