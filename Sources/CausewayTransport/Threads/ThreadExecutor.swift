import CLinux
package import CausewayCore
import Glibc
import Synchronization

/// A serial executor with a thread of its own, for an actor that makes blocking calls.
///
/// The thread lives from ``start(idle:)`` until ``finish()``, and then only while jobs are left: an actor whose work is
/// over costs no thread, and a late call to it still returns.
package final class ThreadExecutor: SerialExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var thread: pthread_t?
        var isRunning = false
        var isHeld = false
        var idle: (@Sendable () -> Duration?)?
    }

    /// Signalled with every job; work that polls on its own adds it to what it polls.
    package let wake: WakeDescriptor
    private let name: String
    private let state = Mutex(State())

    /// - Parameter name: the thread's, for debuggers; the first 15 bytes count.
    /// - Throws: ``CausewayError`` (resource exhausted) when the process has no descriptor left.
    package init(name: String) throws(CausewayError) {
        self.name = name
        wake = try WakeDescriptor()
    }

    /// Starts the thread and keeps it.
    ///
    /// - Parameter idle: called on the thread when there is nothing to do; says how long it wants to wait for the next
    ///   time, nil for ever.
    /// - Throws: ``CausewayError`` (resource exhausted) when the system gives no more threads.
    package func start(idle: @escaping @Sendable () -> Duration?) throws(CausewayError) {
        let needsThread = state.withLock { state in
            state.isHeld = true
            state.idle = idle
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard needsThread else { return }
        let failure = spawn()
        guard failure != 0 else { return }
        state.withLock { state in
            state.isHeld = false
            state.idle = nil
        }
        // Jobs may have come in between, trusting in the thread.
        run()
        throw CausewayError(
            .resourceExhausted, reason: "NO_THREADS",
            "The system gives no more threads; raise the limit of tasks (TasksMax) or run fewer at a time.",
            retry: .backoff, cause: SystemError(failure))
    }

    /// Lets the thread end once its jobs are done. May be called twice.
    package func finish() {
        state.withLock { state in
            state.isHeld = false
            state.idle = nil
        }
        wake.signal()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let needsThread = state.withLock { state in
            state.jobs.append(job)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard needsThread else { return wake.signal() }
        // Without a thread the work is over and what is left returns at once, so it may run where it is called from.
        if spawn() != 0 { run() }
    }

    package func isIsolatingCurrentContext() -> Bool? {
        state.withLock { $0.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    package func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "not on the thread \(name)")
    }

    private func run() {
        state.withLock { $0.thread = pthread_self() }
        var batch: [UnownedJob] = []
        while true {
            let (isOver, idle) = state.withLock { state in
                swap(&batch, &state.jobs)
                let isOver = batch.isEmpty && !state.isHeld
                if isOver {
                    state.isRunning = false
                    state.thread = nil
                }
                return (isOver, state.idle)
            }
            if isOver { return }
            if batch.isEmpty {
                wait(for: idle?() ?? nil)
            }
            for job in batch { job.runSynchronously(on: asUnownedSerialExecutor()) }
            batch.removeAll(keepingCapacity: true)
        }
    }

    private func wait(for duration: Duration?) {
        var entry = pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)
        let milliseconds = duration.map { Int32(clamping: max(0, $0.milliseconds) + 1) } ?? -1
        // EINTR ends the wait early, which is as good as a signal.
        if poll(&entry, 1, milliseconds) > 0 { wake.drain() }
    }

    /// - Returns: 0, or an errno.
    private func spawn() -> Int32 {
        startDetachedThread(name, stackBytes: 512 << 10) { [self] in run() }
    }
}

/// Runs `body` on a new thread that nobody joins.
///
/// - Returns: 0, or the errno of pthread_create(3).
func startDetachedThread(_ name: String, stackBytes: Int, _ body: @escaping @Sendable () -> Void) -> Int32 {
    let box = Unmanaged.passRetained(ThreadBody(body))
    let failure = clinux_start_thread(name, stackBytes, runThreadBody, box.toOpaque())
    if failure != 0 { box.release() }
    return failure
}

private final class ThreadBody: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func runThreadBody(_ box: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let box else { return nil }
    Unmanaged<ThreadBody>.fromOpaque(box).takeRetainedValue().body()
    return nil
}
