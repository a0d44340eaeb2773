@preconcurrency import Glibc
import Synchronization

/// Ctrl-C as a number that is looked at, instead of the end of the process.
enum Interrupts {
    /// Only counted up by the handler; an atomic addition is all that a signal handler may do here.
    private static let received = Atomic<Int>(0)

    /// Counts SIGINT from now on instead of ending the process.
    static func count() {
        _ = received.load(ordering: .relaxed)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            Interrupts.received.add(1, ordering: .relaxed)
        }
        sigaction(SIGINT, &action, nil)
    }

    /// SIGINT ends the process again.
    static func stopCounting() { signal(SIGINT, SIG_DFL) }

    /// Whether there was one since the last call.
    static func take() -> Bool { received.exchange(0, ordering: .relaxed) > 0 }
}
