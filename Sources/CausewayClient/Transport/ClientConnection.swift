import CausewayCore
import CausewayMessages
import NIOCore
import NIOPosix
import Synchronization

/// A connection that has said Hello, for callers on any thread.
struct ClientConnection: Sendable {
    private let loop: any EventLoop
    private let handler: NIOLoopBound<ClientConnectionHandler>
    private let isSpent: SpentFlag
    private let closed: EventLoopFuture<Void>

    /// Whether new calls are taken.
    var isUsable: Bool { !isSpent.isSet }

    /// Connects and exchanges Hellos.
    static func connect(
        to path: String, settings: ClientConnectionMachine.Settings, timeout: Duration, on group: any EventLoopGroup
    ) -> EventLoopFuture<ClientConnection> {
        let isSpent = SpentFlag()
        let loop = group.next()
        // Kept beside the channel: one that was refused at once has let go of its handlers before the connect is told.
        let kept = NIOLoopBoundBox.makeEmptyBox(valueType: ClientConnectionHandler.self, eventLoop: loop)
        return ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(timeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = ClientConnectionHandler(settings: settings, loop: loop, isSpent: isSpent)
                    kept.value = handler
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(unixDomainSocketPath: path)
            .flatMap { channel in
                guard let handler = kept.value else { return loop.makeFailedFuture(ClientConnectionMachine.cut) }
                let connection = ClientConnection(
                    loop: loop, handler: NIOLoopBound(handler, eventLoop: loop), isSpent: isSpent,
                    closed: channel.closeFuture)
                let limit = loop.scheduleTask(in: TimeAmount(timeout)) { connection.handler.value.close() }
                return handler.ready.futureResult.map {
                    limit.cancel()
                    return connection
                }
            }
    }

    /// One unary call: the answer's bytes.
    func call(_ request: Request, timeout: Duration?) async -> Result<[UInt8], CallFailure> {
        let ticket = CallTicket()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.execute {
                    self.handler.value.open(request, .unary(continuation), ticket: ticket, timeout: timeout)
                }
            }
        } onCancel: {
            abandon(ticket)
        }
    }

    /// Opens a stream; what comes of it goes to the mailbox.
    func open(_ request: Request, into mailbox: StreamMailbox, ticket: CallTicket, timeout: Duration?) {
        loop.execute { self.handler.value.open(request, .stream(mailbox), ticket: ticket, timeout: timeout) }
    }

    /// The caller does not want the rest.
    func abandon(_ ticket: CallTicket) {
        ticket.abandon()
        loop.execute {
            guard let id = ticket.id.withLock({ $0 }) else { return }
            self.handler.value.abandon(id, because: .cancelled)
        }
    }

    /// The consumer of a stream took a response.
    func consume(_ ticket: CallTicket) {
        loop.execute {
            guard let id = ticket.id.withLock({ $0 }) else { return }
            self.handler.value.consume(id)
        }
    }

    /// Fails what is in progress, and returns when the socket is closed.
    func close() async {
        loop.execute { self.handler.value.close() }
        try? await closed.get()
    }
}
