package import CausewayCore
package import Logging
import CausewayMessages
import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// Serves methods on a Unix socket.
///
/// From a ``start()`` that returned there has to be a ``shutDown(grace:)``, once.
package final class RPCServer: Sendable {
    /// The version of the protocol that it speaks.
    package static var protocolVersion: UInt32 { ServerConnectionMachine.protocolVersion }

    package let path: String
    private let mode: UInt32
    private let registry: MethodRegistry
    private let policy: PeerPolicy
    private let limits: ServerLimits
    private let agent: String
    private let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private let executors: [ObjectIdentifier: LoopExecutor]
    private let state = Mutex(State())

    private struct State {
        var isStopping = false
        var listener: (any Channel)?
        var socket: SocketPath.Listening?
        var connections: [ObjectIdentifier: Connection] = [:]
        var connectionsOfUser: [UInt32: Int] = [:]
    }

    private struct Connection {
        let user: UInt32
        let handler: NIOLoopBound<ConnectionHandler>
        let loop: any EventLoop
        let ended: EventLoopFuture<Void>
    }

    /// - Parameters:
    ///   - path: at most 107 bytes; its folder is made if it is missing.
    ///   - mode: of the socket file. 0600 lets nobody but the daemon's user and root connect; more is for policies that
    ///     give roles to others.
    ///   - agent: name and version for the Hello: "causewayd/0.1.0".
    ///   - threads: event loops; one serves some ten thousand calls a second.
    package init(
        path: String, mode: UInt32 = 0o600, registry: MethodRegistry, policy: PeerPolicy,
        limits: ServerLimits = ServerLimits(), agent: String, threads: Int = 1, logger: Logger
    ) {
        self.path = path
        self.mode = mode
        self.registry = registry
        self.policy = policy
        self.limits = limits
        self.agent = agent
        self.logger = logger
        group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        executors = Dictionary(
            uniqueKeysWithValues: group.makeIterator().map { (ObjectIdentifier($0), LoopExecutor($0)) })
    }

    /// Connections open, or with tasks that have not ended.
    package var connectionCount: Int { state.withLock { $0.connections.count } }

    /// Binds and serves; returns when clients can connect.
    ///
    /// - Throws: FAILED_PRECONDITION when the path is unsafe or another daemon listens on it.
    package func start() async throws(CausewayError) {
        do {
            let socket = try SocketPath.listen(at: path, mode: mode, backlog: 128)
            state.withLock { $0.socket = socket }
            let listener = try await ServerBootstrap(group: group)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelOption(
                    .writeBufferWaterMark,
                    value: .init(low: limits.outboundLowWatermark, high: limits.outboundHighWatermark)
                )
                .childChannelInitializer { [self] channel in
                    Peer.of(channel).flatMapThrowing { try self.take(channel, $0) }
                }
                .withBoundSocket(socket.descriptor).get()
            state.withLock { $0.listener = listener }
            logger.info("listening", metadata: ["socket.path": "\(path)"])
        } catch {
            removeSocketFile()
            try? await group.shutdownGracefully()
            throw .wrapping(error)
        }
    }

    /// Takes no more connections and no more calls, waits for those in progress up to `grace`, cancels the rest, and
    /// returns when every task of every call has ended.
    package func shutDown(grace: Duration) async {
        let (listener, connections) = state.withLock { state in
            state.isStopping = true
            return (state.listener, Array(state.connections.values))
        }
        try? await listener?.close()
        removeSocketFile()
        let deadline = Duration.nanoseconds(Int64(NIODeadline.now().uptimeNanoseconds)) + grace
        for connection in connections {
            connection.loop.execute { connection.handler.value.beginShutdown(deadline: deadline) }
        }
        for connection in connections { try? await connection.ended.get() }
        try? await group.shutdownGracefully()
        logger.info("stopped listening", metadata: ["socket.path": "\(path)"])
    }

    private func removeSocketFile() {
        guard let socket = state.withLock({ $0.socket }) else { return }
        SocketPath.remove(path, device: socket.device, inode: socket.inode)
    }

    /// Makes the handler of a new connection. On the channel's event loop, before any byte is read.
    private func take(_ channel: any Channel, _ peer: Peer) throws {
        let loop = channel.eventLoop
        guard let executor = executors[ObjectIdentifier(loop)] else { throw ChannelError.operationUnsupported }
        let admission = state.withLock { self.admission(of: peer, &$0) }
        let handler = ConnectionHandler(
            .init(
                registry: registry, limits: limits, agent: agent, peer: peer, admission: admission, logger: logger),
            loop: loop, executor: executor)
        let id = ObjectIdentifier(handler)
        let connection = Connection(
            user: peer.uid, handler: NIOLoopBound(handler, eventLoop: loop), loop: loop,
            ended: handler.ended.futureResult)
        state.withLock { state in
            state.connections[id] = connection
            state.connectionsOfUser[peer.uid, default: 0] += 1
        }
        connection.ended.whenComplete { [self] _ in forget(id) }
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    private func admission(of peer: Peer, _ state: inout State) -> Admission {
        if state.isStopping { return .refused(.unavailable, "The daemon is stopping.") }
        guard let role = policy.role(of: peer) else {
            return .refused(
                .permissionDenied, "User \(peer.uid) has no role on this daemon; its administrator can give one.")
        }
        guard state.connections.count < limits.maxConnections else {
            return .refused(.resourceExhausted, "The daemon has its \(limits.maxConnections) connections already.")
        }
        guard state.connectionsOfUser[peer.uid, default: 0] < limits.maxConnectionsPerUser else {
            return .refused(
                .resourceExhausted,
                "User \(peer.uid) has \(limits.maxConnectionsPerUser) connections already; close some.")
        }
        return .admitted(role)
    }

    private func forget(_ id: ObjectIdentifier) {
        state.withLock { state in
            guard let connection = state.connections.removeValue(forKey: id) else { return }
            let count = state.connectionsOfUser[connection.user, default: 1] - 1
            state.connectionsOfUser[connection.user] = count == 0 ? nil : count
        }
    }
}

/// What was decided about a peer at its arrival.
enum Admission: Sendable {
    case admitted(Role)
    case refused(StatusCode, String)
}
