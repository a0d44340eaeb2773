import CausewayMessages
import CausewayWire
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// Listens on a socket and answers by a script.
enum ScriptedDaemon {
    /// What to send for a frame, or, for nil, at the start; nil hangs up.
    typealias Script = @Sendable (Frame?) -> [Frame]?

    static func with<R: Sendable>(
        greeting: [UInt8] = [], _ script: @escaping Script, body: (String) async throws -> R
    ) async throws -> R {
        let folder = FileManager.default.temporaryDirectory.path + "/client-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        ByteToMessageHandler(FrameDecoder()), Handler(greeting: greeting, script: script))
                }
            }
            .bind(unixDomainSocketPath: folder + "/socket").get()
        let outcome: Result<R, any Error>
        do {
            outcome = .success(try await body(folder + "/socket"))
        } catch {
            outcome = .failure(error)
        }
        try await listener.close()
        try await group.shutdownGracefully()
        return try outcome.get()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = Frame
        typealias OutboundOut = ByteBuffer

        private let greeting: [UInt8]
        private let script: Script

        init(greeting: [UInt8], script: @escaping Script) {
            self.greeting = greeting
            self.script = script
        }

        func channelActive(context: ChannelHandlerContext) {
            if !greeting.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: greeting)), promise: nil) }
            answer(nil, context)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            answer(unwrapInboundIn(data), context)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func answer(_ frame: Frame?, _ context: ChannelHandlerContext) {
            guard let frames = script(frame) else { return context.close(promise: nil) }
            var bytes = ByteBuffer()
            for frame in frames { try? FrameEncoder().write(frame, to: &bytes) }
            if bytes.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }
        }
    }
}

/// Counts the responses of a stream over the frames that ask for them.
final class ResponseCount: Sendable {
    private let count = Mutex(0)

    /// The next responses, numbered, and the stream's end after the last.
    func responses(_ number: Int, of id: UInt64, end last: Int) -> [Frame] {
        count.withLock { count in
            var frames: [Frame] = []
            for _ in 0..<number where count < last {
                count += 1
                let message = try? Run.with { $0.name = "\(count)" }.encoded()
                frames.append(
                    .with {
                        $0.body = .response(
                            .with {
                                $0.callID = id
                                $0.message = message ?? []
                            })
                    })
                if count == last { frames.append(.end(id)) }
            }
            return frames
        }
    }
}
