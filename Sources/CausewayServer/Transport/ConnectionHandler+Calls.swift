import CausewayCore
import CausewayMessages
import CausewayWire
import NIOCore

/// From a request to its handler, and from the handler's answers to frames.
extension ConnectionHandler {
    func dispatch(_ request: Request) {
        let id = request.callID
        do throws(CausewayError) {
            guard let method = setup.registry.method(request.method) else { throw Self.unknownMethod(request.method) }
            guard case .admitted(let role) = setup.admission, PeerPolicy.allows(role, toCall: method.info.role) else {
                throw Self.forbidden(method.info)
            }
            let context = CallContext(
                peer: setup.peer, role: role, callID: id, method: method.info, metadata: request.metadata,
                timeout: try Self.timeout(of: request))
            try start(method.form, request, context)
        } catch {
            sendEnd(End(callID: id, error: error))
        }
    }

    private func start(
        _ form: MethodRegistry.Form, _ request: Request, _ context: CallContext
    ) throws(CausewayError) {
        switch form {
        case .immediate(let answer):
            try answer(request, context, &output)
            didAppend()
        case .unary(let place, let run):
            try startTask(
                request, context, place, isStreaming: false, timeout: context.timeout ?? setup.limits.unaryTimeout, run)
        case .serverStreaming(let place, let run):
            try startTask(request, context, place, isStreaming: true, timeout: context.timeout, run)
        }
    }

    private func startTask(
        _ request: Request, _ context: CallContext, _ place: HandlerPlace, isStreaming: Bool, timeout: Duration?,
        _ run: @escaping @Sendable (Request, CallContext, CallHandle) async -> Void
    ) throws(CausewayError) {
        let id = request.callID
        let now = now
        try machine.begin(id, isStreaming: isStreaming, timeout: timeout, now: now)
        if let timeout { armTimer(for: now + timeout) }
        let call = CallHandle(
            id: id, loop: loop, connection: NIOLoopBound(self, eventLoop: loop), maxFrameBytes: output.maxFrameBytes,
            allocator: self.context?.channel.allocator ?? ByteBufferAllocator())
        // The connection is the task's parent: it keeps it until it has ended, and cancels it when nobody wants it.
        tasks[id] =
            switch place {
            case .loop: Task(executorPreference: executor) { await run(request, context, call) }
            case .pool: Task { await run(request, context, call) }
            }
    }

    // MARK: Ends of calls

    func finishCall<Answer: ProtobufMessage>(_ id: UInt64, with answer: Answer) {
        leave(id) { connection throws(CausewayError) in try connection.output.appendEnd(id, answer) }
    }

    func finishCall(_ id: UInt64, frame: ByteBuffer) {
        leave(id) { connection in
            var frame = frame
            connection.output.append(frames: &frame)
        }
    }

    func endStream(_ id: UInt64) {
        leave(id) { connection throws(CausewayError) in try connection.output.append(Frame(.end(End(callID: id)))) }
    }

    func failCall(_ id: UInt64, _ error: CausewayError) {
        leave(id) { connection throws(CausewayError) in throw error }
    }

    /// The call's task has ended; `append` writes its End, where one is still due.
    private func leave(_ id: UInt64, _ append: (ConnectionHandler) throws(CausewayError) -> Void) {
        tasks[id] = nil
        if machine.finish(id), context != nil {
            do throws(CausewayError) {
                try append(self)
                didAppend()
            } catch {
                sendEnd(End(callID: id, error: error))
            }
        }
        let farewell = machine.afterFinish(now: now)
        if !farewell.isEmpty {
            perform(farewell)
            armTimer()
        }
        endIfDone()
    }

    // MARK: Streams

    func offerResponse(_ id: UInt64) -> ServerConnectionMachine.WriteDecision {
        machine.offerResponse(id)
    }

    func withdrawResponse(_ id: UInt64) {
        machine.withdrawResponse(id)
    }

    func sendResponse<Answer: ProtobufMessage>(_ id: UInt64, _ answer: Answer) throws(CausewayError) {
        try output.appendResponse(id, answer)
        didAppend()
    }

    /// Sends an encoded response now, or when the machine lets it.
    func submitResponse(
        _ id: UInt64, frame: ByteBuffer, gate: WriteGate, _ continuation: CheckedContinuation<CausewayError?, Never>
    ) {
        guard !gate.isClosed else { return continuation.resume(returning: .cancelled) }
        switch machine.offerResponse(id) {
        case .send:
            var frame = frame
            output.append(frames: &frame)
            didAppend()
            continuation.resume(returning: nil)
        case .wait: waiters[id] = Waiter(frame: frame, gate: gate, continuation: continuation)
        case .refuse(let error): continuation.resume(returning: error)
        }
    }

    /// The writer's task was cancelled.
    func abandonResponse(_ id: UInt64, gate: WriteGate) {
        guard let waiter = waiters[id], waiter.gate === gate else { return }
        waiters[id] = nil
        machine.withdrawResponse(id)
        waiter.continuation.resume(returning: .cancelled)
    }

    /// Sends the responses that may go now, one call after the other.
    func sendAdmissible() {
        while !waiters.isEmpty, let id = machine.nextAdmissible() {
            guard var waiter = waiters.removeValue(forKey: id) else { continue }
            output.append(frames: &waiter.frame)
            waiter.continuation.resume(returning: nil)
            didAppend()
        }
    }

    // MARK: Refusals

    private static func unknownMethod(_ path: String) -> CausewayError {
        CausewayError(
            .unimplemented, reason: "METHOD_NOT_FOUND",
            "This daemon has no method \(path.prefix(200)); it may be older than the client.",
            metadata: ["method": String(path.prefix(200))])
    }

    private static func forbidden(_ method: MethodInfo) -> CausewayError {
        CausewayError(
            .permissionDenied, reason: "ROLE_TOO_LOW",
            "\(method.path) needs the role \(method.role); ask an administrator of this daemon for it.",
            metadata: ["method": method.path, "role": "\(method.role)"])
    }

    private static func timeout(of request: Request) throws(CausewayError) -> Duration? {
        guard let timeout = request.timeout else { return nil }
        let duration = try Duration(timeout)
        guard duration > .zero else { throw ServerConnectionMachine.deadlineExceeded }
        return min(duration, .seconds(365 * 86_400))
    }
}
