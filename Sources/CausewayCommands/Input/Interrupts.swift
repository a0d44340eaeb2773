@preconcurrency import Glibc
import Synchronization

/// Ctrl-C as a number that is looked at, instead of the end of the process.
enum Interrupts {
    /// Only counted up by the handler; an atomic addition is all that a signal handler may do here.
    private static let received = Atomic<Int>(0)

    /// Counts SIGINT from now on instead of ending the process. Where it is ignored, as it is for what shells start in
    /// the background, it stays ignored.
    static func count() {
        _ = received.load(ordering: .relaxed)
        guard !isIgnored else { return }
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            Interrupts.received.add(1, ordering: .relaxed)
        }
        sigaction(SIGINT, &action, nil)
    }

    /// SIGINT ends the process again.
    static func stopCounting() {
        guard !isIgnored else { return }
        signal(SIGINT, SIG_DFL)
    }

    /// Whether there was one since the last call.
    static func take() -> Bool { received.exchange(0, ordering: .relaxed) > 0 }

    private static var isIgnored: Bool {
        var action = sigaction()
        sigaction(SIGINT, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
