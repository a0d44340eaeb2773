import CausewayWire

/// What one listener grants its peers. Everything that a peer can make grow has a limit here.
package struct ServerLimits: Hashable, Sendable {
    /// The largest frame taken, in bytes, without its header.
    package var maxFrameBytes = FrameLimits.maximumBytes
    /// Calls in progress at once on one connection.
    package var maxConcurrentCalls = 64
    /// Connections at once, over all peers.
    package var maxConnections = 256
    /// Connections at once of one user.
    package var maxConnectionsPerUser = 64
    /// How long a new peer may take to say Hello.
    package var helloTimeout = Duration.seconds(5)
    /// How long a frame that has begun may take to arrive.
    package var frameTimeout = Duration.seconds(30)
    /// How long a peer may leave what was written to it unread before it is cut off.
    package var stallTimeout = Duration.seconds(30)
    /// How long a peer that was sent away has to read why.
    package var lingerTime = Duration.seconds(1)
    /// The time of a unary call whose caller named none. Streams have no limit of their own.
    package var unaryTimeout = Duration.seconds(300)
    /// Bytes that wait for the peer to read them: above this nothing more is read from it, and writers wait.
    package var outboundHighWatermark = 256 << 10
    /// Bytes that wait for the peer: below this work goes on.
    package var outboundLowWatermark = 64 << 10
    /// Bytes that wait for the peer: above this it is cut off. Calls in progress may still end while it does not read.
    package var outboundLimit = 32 << 20

    package init() {}
}
