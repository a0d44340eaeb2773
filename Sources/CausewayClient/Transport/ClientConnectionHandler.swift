import CausewayCore
import CausewayMessages
import CausewayWire
import NIOCore
import Synchronization

/// One connection: carries the machine's actions to the socket and to those who wait. All on its event loop.
final class ClientConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Who waits for what becomes of a call.
    enum Receiver: Sendable {
        case unary(CheckedContinuation<Result<[UInt8], CallFailure>, Never>)
        case stream(StreamMailbox)

        func fail(_ failure: CallFailure) {
            switch self {
            case .unary(let continuation): continuation.resume(returning: .failure(failure))
            case .stream(let mailbox): mailbox.end(failure.error)
            }
        }
    }

    private struct Pending {
        let receiver: Receiver
        let ticket: CallTicket
        var timer: Scheduled<Void>?
    }

    /// Succeeds with the server's Hello.
    let ready: EventLoopPromise<Void>
    /// Becomes true for ever as soon as the connection takes no new calls.
    let isSpent: SpentFlag

    private let loop: any EventLoop
    private var machine: ClientConnectionMachine
    private var decoder: FrameDecoder
    private var pending: [UInt64: Pending] = [:]
    private var input = ByteBuffer()
    private var context: ChannelHandlerContext?
    private var failure: CausewayError?

    init(settings: ClientConnectionMachine.Settings, loop: any EventLoop, isSpent: SpentFlag) {
        self.loop = loop
        self.isSpent = isSpent
        ready = loop.makePromise()
        machine = ClientConnectionMachine(settings: settings)
        decoder = FrameDecoder(limit: settings.maxFrameBytes)
    }

    // MARK: Channel

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        perform([.send(machine.hello)])
        context.flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeBuffer(&bytes)
        }
        do {
            while let frame = try decoder.decode(buffer: &input) { perform(machine.receive(frame)) }
        } catch {
            input.clear()
            perform(machine.breakOff(.wrapping(error)))
        }
        if input.readableBytes == 0 { input = ByteBuffer() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? (error as? CausewayError)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        perform(machine.breakOff(failure ?? ClientConnectionMachine.cut))
    }

    /// Comes also to a channel that never became active, because nobody listens.
    func handlerRemoved(context: ChannelHandlerContext) {
        isSpent.set()
        ready.fail(failure ?? ClientConnectionMachine.cut)
    }

    // MARK: Calls

    /// Opens a call; its receiver hears of its end in any case.
    func open(
        _ request: Request, _ receiver: Receiver, ticket: CallTicket, timeout: Duration?
    ) {
        guard !ticket.isAbandoned else { return receiver.fail(CallFailure(.cancelled, wasStarted: false)) }
        do throws(CallFailure) {
            let isStreaming = if case .stream = receiver { true } else { false }
            let (id, actions) = try machine.open(request, isStreaming: isStreaming)
            ticket.id.withLock { $0 = id }
            let timer = timeout.map { expire(id, after: $0) }
            pending[id] = Pending(receiver: receiver, ticket: ticket, timer: timer)
            perform(actions)
            context?.flush()
        } catch {
            receiver.fail(error)
        }
    }

    /// The caller is gone, or its time is over.
    func abandon(_ id: UInt64, because error: CausewayError) {
        guard pending[id] != nil else { return }
        perform(machine.cancel(id))
        context?.flush()
        settle(id)?.fail(CallFailure(error))
    }

    /// The consumer of a stream took a response.
    func consume(_ id: UInt64) {
        perform(machine.consume(id))
        context?.flush()
    }

    func close() {
        perform(machine.breakOff(ClientConnectionMachine.closing))
    }

    private func expire(_ id: UInt64, after timeout: Duration) -> Scheduled<Void> {
        let connection = NIOLoopBound(self, eventLoop: loop)
        return loop.assumeIsolated().scheduleTask(in: TimeAmount(timeout)) {
            connection.value.abandon(id, because: ClientConnectionMachine.timedOut)
        }
    }

    private func settle(_ id: UInt64) -> Receiver? {
        guard let call = pending.removeValue(forKey: id) else { return nil }
        call.timer?.cancel()
        return call.receiver
    }

    // MARK: Actions

    private func perform(_ actions: [ClientConnectionMachine.Action]) {
        for action in actions {
            switch action {
            case .send(let frame): send(frame)
            case .ready: ready.succeed()
            case .deliver(let id, let message):
                if case .stream(let mailbox) = pending[id]?.receiver { mailbox.deliver(message) }
            case .succeed(let id, let message):
                switch settle(id) {
                case .unary(let continuation): continuation.resume(returning: .success(message))
                case .stream(let mailbox): mailbox.end(nil)
                case nil: break
                }
            case .fail(let id, let failure): settle(id)?.fail(failure)
            case .unusable(let error):
                isSpent.set()
                ready.fail(error)
            case .close: context?.close(promise: nil)
            }
        }
    }

    private func send(_ frame: Frame) {
        guard let context else { return }
        var bytes = context.channel.allocator.buffer(capacity: 256)
        do throws(CausewayError) {
            try FrameEncoder(limit: machine.maxFrameBytes).write(frame, to: &bytes)
            context.write(wrapOutboundOut(bytes), promise: nil)
        } catch {
            guard case .request(let request) = frame.body else { return }
            _ = machine.cancel(request.callID)
            settle(request.callID)?.fail(CallFailure(error, wasStarted: false))
        }
    }
}
