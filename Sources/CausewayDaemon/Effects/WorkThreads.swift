import CLinux
package import CausewayCore
import Glibc
import Synchronization

/// A fixed number of threads for tasks that parse, encode and read the store: they may keep a thread busy for long, so
/// they stay off the cooperative pool, which answers calls.
///
/// Jobs run in the order they came in. Their number is not bounded here but by the permits of those who spawn.
package final class WorkThreads: TaskExecutor {
    private struct State {
        var queue: [UnownedJob] = []
        /// Index of the first job in `queue` that was not taken.
        var head = 0
        var isStopping = false
        /// Threads that nobody waited for yet.
        var threads = 0
        /// Those that run, by pthread_self(3).
        var running: Set<pthread_t> = []
    }

    private let state = Mutex(State())
    /// Counts jobs that were not taken, and at the end one more for each thread.
    private let available = Semaphore()
    /// Counts threads that have ended.
    private let ended = Semaphore()

    /// - Parameters:
    ///   - count: how many threads.
    ///   - name: theirs, for debuggers; the first 12 bytes count.
    /// - Throws: ``CausewayError`` (resource exhausted, `NO_THREADS`) when the system gives no more threads.
    package init(count: Int, name: String = "work") throws(CausewayError) {
        for index in 0..<max(1, count) {
            let owner = Unmanaged.passRetained(self)
            let failure = clinux_start_thread("\(name.prefix(12))-\(index)", 8 << 20, runWorkThread, owner.toOpaque())
            guard failure == 0 else {
                owner.release()
                shutDown()
                throw CausewayError(
                    .resourceExhausted, reason: "NO_THREADS",
                    "The system gives no more threads (\(String(cString: clinux_error_text(failure)))); raise the limit "
                        + "of tasks (TasksMax) or lower work_threads.")
            }
            state.withLock { $0.threads += 1 }
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isTaken = state.withLock { state in
            guard !state.isStopping else { return false }
            state.queue.append(job)
            return true
        }
        // After the end a task may still have steps to take; they must not be lost, or whoever awaits it waits for ever.
        if isTaken { available.signal() } else { globalConcurrentExecutor.enqueue(job) }
    }

    /// Runs what was enqueued, ends the threads and waits for them. What is enqueued later runs on the cooperative pool.
    ///
    /// Blocks. A task may find itself on one of the threads, as it goes on where the actor it awaited has run: that thread
    /// is not waited for, and ends when it is done with the task. May be called twice.
    package func shutDown() {
        let (threads, isOwn) = state.withLock { state in
            state.isStopping = true
            defer { state.threads = 0 }
            return (state.threads, state.running.contains(pthread_self()))
        }
        for _ in 0..<threads { available.signal() }
        for _ in 0..<max(0, isOwn ? threads - 1 : threads) { ended.wait() }
    }

    fileprivate func run() {
        state.withLock { _ = $0.running.insert(pthread_self()) }
        defer { state.withLock { _ = $0.running.remove(pthread_self()) } }
        while true {
            available.wait()
            guard let job = take() else { break }
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
        ended.signal()
    }

    /// The next job; nil at the end.
    private func take() -> UnownedJob? {
        state.withLock { state in
            guard state.head < state.queue.count else { return nil }
            let job = state.queue[state.head]
            state.head += 1
            if state.head == state.queue.count {
                state.queue.removeAll(keepingCapacity: state.head <= 1_024)
                state.head = 0
            } else if state.head >= 1_024, state.head * 2 >= state.queue.count {
                state.queue.removeFirst(state.head)
                state.head = 0
            }
            return job
        }
    }
}

extension Spawner {
    /// Tasks of the production: ``SpawnPlace/work`` on `threads`, the others on the cooperative pool.
    package static func system(_ threads: WorkThreads) -> Spawner {
        Spawner { place, operation in
            switch place {
            case .cooperative: Task { await operation() }
            case .work: Task(executorPreference: threads) { await operation() }
            }
        }
    }
}

private func runWorkThread(_ owner: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let owner else { return nil }
    Unmanaged<WorkThreads>.fromOpaque(owner).takeRetainedValue().run()
    return nil
}

/// A counting semaphore, sem_init(3).
private final class Semaphore: @unchecked Sendable {
    /// Its functions may be called from any thread.
    private let handle: UnsafeMutablePointer<sem_t>

    init() {
        handle = .allocate(capacity: 1)
        sem_init(handle, 0, 0)
    }
    deinit {
        sem_destroy(handle)
        handle.deallocate()
    }
    func signal() { sem_post(handle) }
    func wait() { while sem_wait(handle) != 0 {} }
}
