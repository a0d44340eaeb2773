import CausewayCore
import Synchronization

/// Chunks of a file on their way from the link to the parser: at most so many bytes wait, so that neither side waits
/// for a short delay of the other. For one producer and one consumer.
final class ChunkQueue: Sendable {
    private struct State {
        var chunks: [[UInt8]] = []
        var bytes = 0
        var end: Result<Void, CausewayError>?
        var isClosed = false
        var producer: CheckedContinuation<Void, Never>?
        var consumer: CheckedContinuation<Void, Never>?

        mutating func wakeConsumer() -> CheckedContinuation<Void, Never>? {
            defer { consumer = nil }
            return consumer
        }
        mutating func wakeProducer() -> CheckedContinuation<Void, Never>? {
            defer { producer = nil }
            return producer
        }
    }
    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Adds a chunk once there is room.
    ///
    /// - Returns: false when nobody takes any more.
    func push(_ chunk: [UInt8]) async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let mayGoOn = state.withLock { state in
                    guard !state.isClosed, state.bytes > 0, state.bytes + chunk.count > limit else { return true }
                    state.producer = continuation
                    return false
                }
                if mayGoOn { continuation.resume() }
            }
        } onCancel: {
            close()
        }
        let (isOpen, waiting) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
            guard !state.isClosed else { return (false, nil) }
            state.chunks.append(chunk)
            state.bytes += chunk.count
            return (true, state.wakeConsumer())
        }
        waiting?.resume()
        return isOpen
    }

    /// Nothing follows, or the error does.
    func finish(_ end: Result<Void, CausewayError>) {
        state.withLock { state in
            state.end = state.end ?? end
            return state.wakeConsumer()
        }?.resume()
    }

    /// Nobody takes any more.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            state.chunks = []
            state.bytes = 0
            return (state.wakeProducer(), state.wakeConsumer())
        }
        waiting.0?.resume()
        waiting.1?.resume()
    }

    /// The next chunk; empty at the end.
    ///
    /// - Throws: ``CausewayError``: what the producer ended with, once all before was taken; `cancelled`.
    func next() async throws(CausewayError) -> [UInt8] {
        while true {
            guard !Task.isCancelled else { throw .cancelled }
            let (chunk, end, waiting) = state.withLock {
                state -> ([UInt8]?, Result<Void, CausewayError>?, CheckedContinuation<Void, Never>?) in
                guard !state.chunks.isEmpty else {
                    return (nil, state.isClosed ? .failure(.cancelled) : state.end, nil)
                }
                let chunk = state.chunks.removeFirst()
                state.bytes -= chunk.count
                return (chunk, nil, state.wakeProducer())
            }
            waiting?.resume()
            if let chunk { return chunk }
            if let end {
                try end.get()
                return []
            }
            await wait()
        }
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let mayGoOn = state.withLock { state in
                    guard state.chunks.isEmpty, state.end == nil, !state.isClosed else { return true }
                    state.consumer = continuation
                    return false
                }
                if mayGoOn { continuation.resume() }
            }
        } onCancel: {
            close()
        }
    }
}
