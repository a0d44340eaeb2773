import CausewayCore
import CausewayMessages
@testable import CausewayServer
import CausewayWire
import Logging
import NIOCore
import NIOEmbedded
import Testing

/// A connection's handler in a channel without a socket, in virtual time.
final class ConnectionUnderTest {
    let channel = NIOAsyncTestingChannel()
    let ended: EventLoopFuture<Void>
    private let handler: NIOLoopBound<ConnectionHandler>
    private var received = ByteBuffer()

    init(
        _ registry: MethodRegistry, role: Role? = .admin, limits: ServerLimits = ServerLimits()
    ) async throws {
        let loop = channel.eventLoop
        let admission: Admission = role.map { .admitted($0) } ?? .refused(.permissionDenied, "no role")
        let setup = ConnectionHandler.Setup(
            registry: registry, limits: limits, agent: "test/1", peer: Peer(pid: 1, uid: 1001, gid: 100),
            admission: admission, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let channel = channel
        handler = try await loop.submit {
            let handler = ConnectionHandler(setup, loop: loop, executor: LoopExecutor(loop))
            try channel.pipeline.syncOperations.addHandler(handler)
            return NIOLoopBound(handler, eventLoop: loop)
        }.get()
        let bound = handler
        ended = try await loop.submit { bound.value.ended.futureResult }.get()
        try await channel.connect(to: SocketAddress(unixDomainSocketPath: "/test"))
    }

    /// Exchanges Hellos.
    func greet(credit: UInt32 = 2, maxFrameBytes: UInt32 = 0) async throws {
        #expect(try await next().hello != nil)
        var hello = Frame.hello(credit: credit)
        if case .hello(var body) = hello.body {
            body.maxFrameBytes = maxFrameBytes
            hello = Frame(.hello(body))
        }
        try await send(hello)
    }

    func send(_ frames: Frame...) async throws {
        var bytes = ByteBuffer()
        for frame in frames { try FrameEncoder(limit: .max).write(frame, to: &bytes) }
        try await send(bytes)
    }

    func send(_ bytes: ByteBuffer) async throws {
        try await channel.writeInbound(bytes)
    }

    /// The next frame that the server sends.
    func next() async throws -> Frame {
        while true {
            var decoder = FrameDecoder(limit: .max)
            if let frame = try decoder.decode(buffer: &received) { return frame }
            var bytes = try await channel.waitForOutboundWrite(as: ByteBuffer.self)
            received.writeBuffer(&bytes)
        }
    }

    /// Frames up to and without the Pong of a Ping that is sent now: all that was said before it.
    func untilPong() async throws -> [Frame] {
        try await send(.ping(77))
        var frames: [Frame] = []
        while true {
            let frame = try await next()
            if case .pong = frame.body { return frames }
            frames.append(frame)
        }
    }

    func call<Query: ProtobufMessage, Answer: ProtobufMessage>(
        _ id: UInt64, _ method: MethodDescriptor<Query, Answer>, _ query: Query, timeout: Duration? = nil
    ) async throws {
        let message = try query.encoded()
        try await send(
            Frame(
                .request(
                    .with {
                        $0.callID = id
                        $0.method = method.path
                        $0.message = message
                        $0.timeout = timeout.map { ProtoDuration($0) }
                    })))
    }

    func setWritable(_ isWritable: Bool) async throws {
        channel.isWritable = isWritable
        let pipeline = channel.pipeline
        try await channel.eventLoop.submit { pipeline.fireChannelWritabilityChanged() }.get()
    }

    func advance(by time: TimeAmount) async {
        await channel.testingEventLoop.advanceTime(by: time)
    }

    func beginShutdown(grace: Duration) async throws {
        let handler = handler
        try await channel.eventLoop.submit {
            handler.value.beginShutdown(deadline: handler.value.now + grace)
        }.get()
    }

    /// Closes the channel and waits for the connection's tasks.
    func close() async throws {
        try? await channel.close()
        try await ended.get()
    }
}

/// Waits until its task is cancelled.
func untilCancelled() async {
    let (stream, continuation) = AsyncStream<Never>.makeStream()
    for await _ in stream {}
    withExtendedLifetime(continuation) {}
}
