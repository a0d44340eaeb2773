package import CausewayCore
package import CausewayMessages
import CausewayWire
import NIOCore
import NIOPosix
import Synchronization

/// Calls the daemon's methods over its Unix socket.
///
/// Calls of all tasks share one connection, which is made at the first call and made anew at the next call after it was
/// lost. Nothing is started before the first call.
package final class CausewayClient: Sendable {
    package let socketPath: String
    private let settings: ClientConnectionMachine.Settings
    private let connectTimeout: Duration
    private let state = Mutex(State())

    private struct State {
        var group: MultiThreadedEventLoopGroup?
        var connection: Link = .none
        var isClosed = false
    }

    private enum Link {
        case none
        case connecting(EventLoopFuture<ClientConnection>)
        case open(ClientConnection)
    }

    /// How long a call may take whose caller does not say.
    package static let defaultTimeout = Duration.seconds(120)

    /// - Parameters:
    ///   - agent: name and version of the program, for the daemon's log.
    ///   - connectTimeout: for the connection and the daemon's Hello.
    package init(socketPath: String, agent: String = "causeway-client", connectTimeout: Duration = .seconds(5)) {
        self.socketPath = socketPath
        self.connectTimeout = connectTimeout
        settings = ClientConnectionMachine.Settings(agent: agent)
    }

    /// Makes a client for the time of `body`.
    package static func withClient<R, E: Error>(
        socketPath: String, agent: String = "causeway-client", _ body: (CausewayClient) async throws(E) -> R
    ) async throws(E) -> R {
        let client = CausewayClient(socketPath: socketPath, agent: agent)
        do throws(E) {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }

    /// Calls a method that has one answer.
    ///
    /// Cancelling the task cancels the call; the daemon is told. A call that the daemon has certainly not started,
    /// because it was just stopping, is sent once more.
    ///
    /// - Parameter timeout: after which DEADLINE_EXCEEDED is thrown; nil waits as long as the daemon lets it.
    /// - Throws: what the daemon answered; DAEMON_NOT_RUNNING, SOCKET_FORBIDDEN, NO_ROLE or INCOMPATIBLE_PROTOCOL when
    ///   there is no connection to be had; CONNECTION_LOST when it broke.
    package func call<Query: ProtobufMessage, Answer: ProtobufMessage>(
        _ method: MethodDescriptor<Query, Answer>, _ query: Query, timeout: Duration? = defaultTimeout,
        metadata: [MetadataEntry] = []
    ) async throws(CausewayError) -> Answer {
        let request = try Self.request(method, query, timeout, metadata)
        var outcome = await (try connection()).call(request, timeout: timeout)
        if case .failure(let failure) = outcome, !failure.wasStarted, failure.error.code == .unavailable {
            outcome = await (try connection()).call(request, timeout: timeout)
        }
        switch outcome {
        case .success(let bytes): return try Answer(wireBytes: bytes)
        case .failure(let failure): throw failure.error
        }
    }

    /// Calls a method that has a stream of answers. Returns when the request is on its way; errors of the call come
    /// from the stream.
    ///
    /// - Parameter timeout: for the whole stream; nil is without limit.
    package func stream<Query: ProtobufMessage, Answer: ProtobufMessage>(
        _ method: MethodDescriptor<Query, Answer>, _ query: Query, timeout: Duration? = nil,
        metadata: [MetadataEntry] = []
    ) async throws(CausewayError) -> ResponseStream<Answer> {
        let request = try Self.request(method, query, timeout, metadata)
        let connection = try await connection()
        let mailbox = StreamMailbox()
        let ticket = CallTicket()
        connection.open(request, into: mailbox, ticket: ticket, timeout: timeout)
        return ResponseStream(lease: StreamLease(connection: connection, mailbox: mailbox, ticket: ticket))
    }

    /// Fails the calls in progress and gives everything back. The client cannot be used after it.
    package func close() async {
        let (link, group) = state.withLock { state in
            state.isClosed = true
            defer {
                state.connection = .none
                state.group = nil
            }
            return (state.connection, state.group)
        }
        switch link {
        case .none: break
        case .connecting(let future): if let connection = try? await future.get() { await connection.close() }
        case .open(let connection): await connection.close()
        }
        try? await group?.shutdownGracefully()
    }

    // MARK: Connection

    /// The connection, made where there is none. Callers at the same time share one attempt.
    private func connection() async throws(CausewayError) -> ClientConnection {
        let attempt: EventLoopFuture<ClientConnection>
        switch try state.withLock({ state throws(CausewayError) in try link(&state) }) {
        case .open(let connection): return connection
        case .connecting(let future): attempt = future
        case .none: throw ClientConnectionMachine.closing
        }
        do {
            let connection = try await attempt.get()
            state.withLock { state in
                if case .connecting(let future) = state.connection, future == attempt {
                    state.connection = .open(connection)
                }
            }
            return connection
        } catch {
            state.withLock { state in
                if case .connecting(let future) = state.connection, future == attempt { state.connection = .none }
            }
            throw ClientConnectionMachine.connectFailure(error, path: socketPath)
        }
    }

    private func link(_ state: inout State) throws(CausewayError) -> Link {
        guard !state.isClosed else { throw ClientConnectionMachine.closing }
        switch state.connection {
        case .open(let connection) where connection.isUsable: return state.connection
        case .connecting: return state.connection
        case .open, .none: break
        }
        let group = state.group ?? MultiThreadedEventLoopGroup(numberOfThreads: 1)
        state.group = group
        state.connection = .connecting(
            ClientConnection.connect(to: socketPath, settings: settings, timeout: connectTimeout, on: group))
        return state.connection
    }

    private static func request<Query: ProtobufMessage, Answer: ProtobufMessage>(
        _ method: MethodDescriptor<Query, Answer>, _ query: Query, _ timeout: Duration?, _ metadata: [MetadataEntry]
    ) throws(CausewayError) -> Request {
        let message = try query.wireBytes()
        return .with {
            $0.method = method.path
            $0.metadata = metadata
            $0.timeout = timeout.map { ProtoDuration($0) }
            $0.message = message
        }
    }
}
