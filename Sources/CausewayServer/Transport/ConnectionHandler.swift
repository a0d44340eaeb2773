import CausewayCore
import CausewayMessages
import CausewayWire
import Logging
import NIOCore

/// One connection: bytes to frames, frames through the machine, its actions to the socket and to tasks.
///
/// Everything happens on the channel's event loop. The tasks of calls belong to the connection: it cancels them when
/// it goes, and its ``whenEnded`` comes after the last of them.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// What a connection is made with.
    struct Setup: Sendable {
        var registry: MethodRegistry
        var limits: ServerLimits
        var agent: String
        var peer: Peer
        var admission: Admission
        var logger: Logger
    }

    /// A response that waits, and the writer that waits for it.
    struct Waiter {
        var frame: ByteBuffer
        var gate: WriteGate
        var continuation: CheckedContinuation<CausewayError?, Never>
    }

    let setup: Setup
    let loop: any EventLoop
    let executor: LoopExecutor
    /// Succeeds when the channel is closed and no task of the connection is left.
    let ended: EventLoopPromise<Void>

    var machine: ServerConnectionMachine
    var tasks: [UInt64: Task<Void, Never>] = [:]
    var waiters: [UInt64: Waiter] = [:]
    var output: ResponseBuffer
    /// What `output` goes on with while its bytes are written.
    private var spare = ByteBuffer()
    var context: ChannelHandlerContext?

    private var decoder: FrameDecoder
    private var input = ByteBuffer()
    private var isProcessing = false
    private var isReadHeld = false
    private var isFlushScheduled = false
    private var timer: Scheduled<Void>?
    private var timerDeadline: Duration?

    init(_ setup: Setup, loop: any EventLoop, executor: LoopExecutor) {
        self.setup = setup
        self.loop = loop
        self.executor = executor
        ended = loop.makePromise()
        machine = ServerConnectionMachine(limits: setup.limits)
        decoder = FrameDecoder(limit: setup.limits.maxFrameBytes)
        output = ResponseBuffer(maxFrameBytes: setup.limits.maxFrameBytes, bytes: ByteBuffer())
    }

    var now: Duration { .nanoseconds(Int64(loop.now.uptimeNanoseconds)) }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        endIfDone()
    }

    func channelActive(context: ChannelHandlerContext) {
        switch setup.admission {
        case .admitted: perform(machine.accept(agent: setup.agent, now: now))
        case .refused(let code, let message):
            setup.logger.notice(
                "connection refused",
                metadata: ["peer.uid": "\(setup.peer.uid)", "peer.pid": "\(setup.peer.pid)", "reason": "\(message)"])
            perform(machine.refuse(agent: setup.agent, code: code, message: message, now: now))
        }
        flush()
        armTimer()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard machine.phase != .lingering else { return }
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeBuffer(&bytes)
        }
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flush()
    }

    func read(context: ChannelHandlerContext) {
        if machine.takesFrames {
            context.read()
        } else {
            isReadHeld = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        machine.setWritable(context.channel.isWritable, now: now)
        if machine.isWritable {
            process()
            sendAdmissible()
            flush()
            if isReadHeld, machine.takesFrames {
                isReadHeld = false
                context.read()
            }
        }
        armTimer()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            perform(machine.inputClosed(now: now))
            flush()
            armTimer()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        setup.logger.debug("connection failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        perform(machine.connectionLost())
        timer?.cancel()
        timer = nil
        input = ByteBuffer()
        self.context = nil
        endIfDone()
        context.fireChannelInactive()
    }

    /// Ends when the calls in progress have, or at the deadline.
    func beginShutdown(deadline: Duration) {
        perform(machine.beginShutdown(deadline: deadline, now: now))
        flush()
        armTimer()
    }

    func endIfDone() {
        guard context == nil, tasks.isEmpty else { return }
        ended.succeed()
    }

    // MARK: Input

    /// Takes the frames at hand, as long as the peer reads its answers.
    private func process() {
        guard !isProcessing, input.readableBytes > 0 else { return }
        isProcessing = true
        executor.runningJobs {
            while machine.takesFrames, let frame = nextFrame() { handle(frame) }
        }
        isProcessing = false
        if input.readableBytes == 0 || machine.phase == .lingering { input = ByteBuffer() }
        let isInFrame = input.readableBytes > 0 && machine.takesFrames
        machine.setInFrame(isInFrame, now: now)
        if isInFrame { armTimer() }
    }

    private func nextFrame() -> Frame? {
        do {
            return try decoder.decode(buffer: &input)
        } catch {
            let error = CausewayError.wrapping(error)
            setup.logger.notice(
                "bytes that are no frame", metadata: ["peer.uid": "\(setup.peer.uid)", "reason": "\(error.reason)"])
            input.clear()
            perform(machine.receiveBroken(error, now: now))
            return nil
        }
    }

    private func handle(_ frame: Frame) {
        switch machine.receive(frame, now: now) {
        case .call(let request): dispatch(request)
        case .actions(let actions):
            perform(actions)
            if case .credit = frame.body { sendAdmissible() }
            if case .hello(let hello) = frame.body, hello.maxFrameBytes > 0 {
                output.maxFrameBytes = min(Int(hello.maxFrameBytes), setup.limits.maxFrameBytes)
            }
        }
    }

    // MARK: Output

    func perform(_ actions: [ServerConnectionMachine.Action]) {
        for action in actions {
            switch action {
            case .send(let frame): send(frame)
            case .end(let id, let error): sendEnd(End(callID: id, error: error))
            case .cancelTask(let id): tasks[id]?.cancel()
            case .refuseWrite(let id, let error):
                waiters.removeValue(forKey: id)?.continuation.resume(returning: error)
            case .linger:
                flush()
                context?.close(mode: .output, promise: nil)
                if isReadHeld {
                    isReadHeld = false
                    context?.read()
                }
            case .close: context?.close(promise: nil)
            }
        }
    }

    func sendEnd(_ end: End) {
        send(Frame(.end(end)))
    }

    private func send(_ frame: Frame) {
        guard context != nil else { return }
        do throws(CausewayError) {
            try output.append(frame)
        } catch {
            // Errors are cut to a size that every peer takes; one that takes less cannot be told anything.
            setup.logger.warning("frame not sent", metadata: ["reason": "\(error.reason)"])
            context?.close(promise: nil)
            return
        }
        didAppend()
    }

    /// Hands a large output over at once, so that writability tells the truth; a small one waits for the end of the
    /// loop's turn.
    func didAppend() {
        if output.count >= setup.limits.outboundLowWatermark {
            flush()
        } else if !isProcessing {
            scheduleFlush()
        }
    }

    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        let connection = NIOLoopBound(self, eventLoop: loop)
        loop.execute {
            connection.value.isFlushScheduled = false
            connection.value.flush()
        }
    }

    func flush() {
        guard let context, !output.isEmpty else { return }
        let bytes = output.take(replacingBy: spare)
        spare = ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        spare = ResponseBuffer.emptied(bytes)
        guard !machine.isWritable else { return }
        let waiting = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)
        guard let waiting, waiting > setup.limits.outboundLimit else { return }
        setup.logger.notice("peer does not read; connection cut", metadata: ["peer.uid": "\(setup.peer.uid)"])
        context.close(promise: nil)
    }

    // MARK: Time

    /// Sees to it that the machine hears of its next deadline.
    func armTimer() {
        guard let next = machine.nextDeadline else { return }
        armTimer(for: next)
    }

    func armTimer(for deadline: Duration) {
        guard context != nil, timerDeadline.map({ deadline < $0 }) ?? true else { return }
        timer?.cancel()
        timerDeadline = deadline
        let connection = NIOLoopBound(self, eventLoop: loop)
        let instant = NIODeadline.uptimeNanoseconds(UInt64(max(0, deadline.nanoseconds)))
        timer = loop.assumeIsolated().scheduleTask(deadline: instant) { connection.value.timerFired() }
    }

    private func timerFired() {
        timer = nil
        timerDeadline = nil
        perform(machine.expire(now: now))
        flush()
        armTimer()
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product + attoseconds / 1_000_000_000
    }
}
