package import CausewayCore
package import CausewayMessages
import CausewayWire
import Synchronization

/// The answers of a server-streaming call, in order, for one consumer.
///
/// The server sends no more than the client's window ahead of the consumer. Leaving the loop early cancels the call;
/// so does dropping a stream that nobody consumes.
package struct ResponseStream<Answer: ProtobufMessage>: AsyncSequence, Sendable {
    package typealias Element = Answer
    package typealias Failure = CausewayError

    private let lease: StreamLease

    init(lease: StreamLease) {
        self.lease = lease
    }

    package func makeAsyncIterator() -> Iterator { Iterator(lease: lease.handOver()) }

    package struct Iterator: AsyncIteratorProtocol {
        let lease: StreamLease

        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(CausewayError) -> Answer? {
            guard let message = try await lease.next() else { return nil }
            return try Answer(wireBytes: message)
        }

        package mutating func next() async throws(CausewayError) -> Answer? {
            try await next(isolation: nil)
        }
    }
}

/// The call under a stream; given up when its holder lets go of it: the stream, or once there is one, the iterator.
final class StreamLease: Sendable {
    private let connection: ClientConnection
    private let mailbox: StreamMailbox
    private let ticket: CallTicket
    /// Whether another lease holds the call now.
    private let isHandedOver = Atomic(false)

    init(connection: ClientConnection, mailbox: StreamMailbox, ticket: CallTicket) {
        self.connection = connection
        self.mailbox = mailbox
        self.ticket = ticket
    }

    /// A lease that holds the call from here on, in this one's place.
    func handOver() -> StreamLease {
        isHandedOver.store(true, ordering: .releasing)
        return StreamLease(connection: connection, mailbox: mailbox, ticket: ticket)
    }

    deinit {
        if !isHandedOver.load(ordering: .acquiring) { connection.abandon(ticket) }
    }

    func next() async throws(CausewayError) -> [UInt8]? {
        let message = try await mailbox.next()
        if message != nil { connection.consume(ticket) }
        return message
    }
}
