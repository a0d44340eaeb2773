package import CausewayCore
package import CausewayMessages
import NIOCore
import Synchronization

/// A call's way back to its connection, for the call's task.
final class CallHandle: Sendable {
    private let id: UInt64
    private let loop: any EventLoop
    private let connection: NIOLoopBound<ConnectionHandler>
    private let maxFrameBytes: Int
    private let allocator: ByteBufferAllocator

    init(
        id: UInt64, loop: any EventLoop, connection: NIOLoopBound<ConnectionHandler>, maxFrameBytes: Int,
        allocator: ByteBufferAllocator
    ) {
        self.id = id
        self.loop = loop
        self.connection = connection
        self.maxFrameBytes = maxFrameBytes
        self.allocator = allocator
    }

    /// Ends a unary call. To be called once, last, as one of the four that end.
    func finish<Answer: ProtobufMessage>(with answer: Answer) {
        if loop.inEventLoop {
            connection.value.finishCall(id, with: answer)
            return
        }
        switch encoded({ buffer throws(CausewayError) in try buffer.appendEnd(id, answer) }) {
        case .success(let frame): loop.execute { self.connection.value.finishCall(self.id, frame: frame) }
        case .failure(let error): fail(error)
        }
    }

    /// Ends a stream.
    func finishStream() {
        onLoop { $0.endStream(self.id) }
    }

    /// Ends a call with an error.
    func fail(_ error: CausewayError) {
        onLoop { $0.failCall(self.id, error) }
    }

    /// Sends one response of a stream as soon as the client has credit for it and reads.
    func write<Answer: ProtobufMessage>(_ answer: Answer) async throws(CausewayError) {
        if loop.inEventLoop {
            switch connection.value.offerResponse(id) {
            case .send: return try connection.value.sendResponse(id, answer)
            case .refuse(let error): throw error
            case .wait: connection.value.withdrawResponse(id)
            }
        }
        let frame = try encoded { buffer throws(CausewayError) in try buffer.appendResponse(id, answer) }.get()
        let gate = WriteGate()
        let refusal = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<CausewayError?, Never>) in
                onLoop { $0.submitResponse(self.id, frame: frame, gate: gate, continuation) }
            }
        } onCancel: {
            gate.close()
            onLoop { $0.abandonResponse(self.id, gate: gate) }
        }
        if let refusal { throw refusal }
    }

    private func encoded(
        _ append: (inout ResponseBuffer) throws(CausewayError) -> Void
    ) -> Result<ByteBuffer, CausewayError> {
        var buffer = ResponseBuffer(maxFrameBytes: maxFrameBytes, bytes: allocator.buffer(capacity: 256))
        do throws(CausewayError) {
            try append(&buffer)
            return .success(buffer.bytes)
        } catch {
            return .failure(error)
        }
    }

    private func onLoop(_ body: @escaping @Sendable (ConnectionHandler) -> Void) {
        if loop.inEventLoop {
            body(connection.value)
        } else {
            loop.execute { body(self.connection.value) }
        }
    }
}

/// Whether a write is still wanted by the task that waits for it.
final class WriteGate: Sendable {
    private let closed = Atomic(false)

    var isClosed: Bool { closed.load(ordering: .acquiring) }

    func close() {
        closed.store(true, ordering: .releasing)
    }
}

/// The answers of a stream.
package struct ResponseWriter<Answer: ProtobufMessage>: Sendable {
    let call: CallHandle

    /// Sends one answer. Returns when it is on its way; waits while the client has given no credit or does not read.
    /// One write at a time.
    ///
    /// - Throws: CANCELLED, DEADLINE_EXCEEDED or UNAVAILABLE when nobody wants the rest.
    package func write(_ answer: Answer) async throws(CausewayError) {
        try await call.write(answer)
    }
}
