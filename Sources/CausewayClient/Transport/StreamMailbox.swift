import CausewayCore
import NIOCore
import Synchronization

/// The responses of a stream between the connection that takes them in and the task that consumes them. Flow control
/// bounds it: the server sends no more than the window.
final class StreamMailbox: Sendable {
    private struct State {
        var messages = CircularBuffer<[UInt8]>()
        var end: Result<Void, CausewayError>?
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func deliver(_ message: [UInt8]) {
        let waiter = state.withLock { state in
            state.messages.append(message)
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// No more responses come; nil is success.
    func end(_ error: CausewayError?) {
        let waiter = state.withLock { state in
            state.end = state.end ?? error.map { .failure($0) } ?? .success(())
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// The next response, nil after the last. One consumer at a time.
    func next() async throws(CausewayError) -> [UInt8]? {
        while true {
            let found: Result<[UInt8]?, CausewayError>? = state.withLock { state in
                if let message = state.messages.popFirst() { return .success(message) }
                return state.end.map { end in end.map { _ in nil } }
            }
            if let found { return try found.get() }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in wait(continuation) }
            } onCancel: {
                end(.cancelled)
            }
        }
    }

    private func wait(_ continuation: CheckedContinuation<Void, Never>) {
        let isWaiting = state.withLock { state in
            guard state.messages.isEmpty, state.end == nil, state.waiter == nil else { return false }
            state.waiter = continuation
            return true
        }
        if !isWaiting { continuation.resume() }
    }
}
