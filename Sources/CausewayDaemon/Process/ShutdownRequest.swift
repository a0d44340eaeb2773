package import CausewayCore
import Synchronization

/// Why the daemon ends.
package enum ShutdownReason: Sendable {
    /// Somebody asked: the signal's name.
    case signal(String)
    /// Something without which it cannot go on, such as a store whose state is unknown; it is to be restarted.
    case failure(CausewayError)
}

/// The one place where the end of the daemon is asked for and waited for.
package final class ShutdownRequest: Sendable {
    private struct State {
        var reason: ShutdownReason?
        var waiters: [Int: CheckedContinuation<ShutdownReason?, Never>] = [:]
        var nextWaiter = 0
    }
    private let state = Mutex(State())

    package init() {}

    /// Asks for the end. The first reason counts.
    ///
    /// - Returns: whether this was the first.
    @discardableResult
    package func begin(_ reason: ShutdownReason) -> Bool {
        let waiters = state.withLock { state -> [CheckedContinuation<ShutdownReason?, Never>]? in
            guard state.reason == nil else { return nil }
            state.reason = reason
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters ?? [] { waiter.resume(returning: reason) }
        return waiters != nil
    }

    /// Returns when the end was asked for; nil when the task was cancelled before.
    package func wait() async -> ShutdownReason? {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let reason = state.withLock { state -> ShutdownReason?? in
                    if let reason = state.reason { return .some(reason) }
                    if Task.isCancelled { return .some(nil) }
                    state.waiters[id] = continuation
                    return nil
                }
                if let reason { continuation.resume(returning: reason) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: nil)
        }
    }
}
