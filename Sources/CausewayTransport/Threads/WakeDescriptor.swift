import CLinux
package import CausewayCore
import Glibc
import Synchronization

/// An eventfd(2) that wakes a thread out of poll(2), from any other thread.
///
/// Whoever may signal it holds it, so the descriptor is never closed, and its number never used again, under a signal.
package final class WakeDescriptor: Sendable {
    /// For poll(2), readable after a signal.
    let descriptor: Int32

    /// - Throws: ``CausewayError`` (resource exhausted) when the process has no descriptor left.
    package init() throws(CausewayError) {
        descriptor = clinux_eventfd()
        guard descriptor >= 0 else {
            throw CausewayError(
                .resourceExhausted, reason: "NO_DESCRIPTORS",
                "No file descriptor is left for a connection; raise the limit of open files (LimitNOFILE).",
                retry: .backoff, cause: SystemError(errno))
        }
    }

    deinit { close(descriptor) }

    /// Wakes the thread that polls, or the next one that does.
    package func signal() {
        var one: UInt64 = 1
        // Fails only where the counter is at its limit: then it is readable already.
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Takes back all signals so far.
    func drain() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }
}

/// One call's wish to be given up, seen by the thread that works on it.
final class CancellationFlag: Sendable {
    private let isSet = Atomic(false)
    private let wake: WakeDescriptor

    init(wake: WakeDescriptor) { self.wake = wake }

    var isCancelled: Bool { isSet.load(ordering: .acquiring) }

    func cancel() {
        isSet.store(true, ordering: .releasing)
        wake.signal()
    }
}

/// An errno, as a cause.
struct SystemError: Error, CustomStringConvertible {
    let number: Int32
    init(_ number: Int32) { self.number = number }

    var description: String {
        "errno \(number): \(clinux_error_text(number).map { String(cString: $0) } ?? "")"
    }
}

/// Seconds and fractions since some fixed instant; what timeouts of system calls are counted by.
func monotonicNow() -> Duration { .nanoseconds(clinux_monotonic_nanoseconds()) }
