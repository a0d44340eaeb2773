import CausewayCore
import CausewayMessages
import CausewayWire
import NIOCore

/// The protocol of one connection, seen from the client: frames and events in, actions out. It does no I/O.
///
/// Calls are numbered in the order in which they are opened. Those that the server has no room for yet wait in line;
/// their numbers stay ascending on the wire, because the line is first in, first out.
struct ClientConnectionMachine: Sendable {
    enum Phase: Hashable, Sendable {
        /// The server's Hello is awaited. Next: any.
        case connecting
        /// Next: draining, closed.
        case open
        /// The server takes no new calls; those in progress go on. Next: closed.
        case draining
        case closed
    }

    enum Action: Sendable {
        case send(Frame)
        /// The connection may be used.
        case ready
        case deliver(UInt64, [UInt8])
        /// The call is over. For a unary call the bytes are its answer.
        case succeed(UInt64, [UInt8])
        case fail(UInt64, CallFailure)
        /// The connection cannot be used, or no more; calls of its own are failed by actions of their own.
        case unusable(CausewayError)
        case close
    }

    /// What this client tells the server about itself.
    struct Settings: Hashable, Sendable {
        var agent: String
        var maxFrameBytes = FrameLimits.maximumBytes
        /// Responses of a stream that may be on their way or wait for their consumer.
        var streamWindow = UInt32(16)
    }

    private struct Call {
        var isStreaming: Bool
        /// Responses consumed that the server was not told of.
        var consumed = UInt32(0)
    }

    static let protocolVersion = UInt32(1)

    let settings: Settings
    private(set) var phase = Phase.connecting
    private(set) var serverHello: Hello?
    /// Why no new calls are taken.
    private var farewell: CausewayError?
    private var calls: [UInt64: Call] = [:]
    /// Calls that wait for room, with their frames.
    private var line = CircularBuffer<(id: UInt64, frame: Frame)>()
    private var lastID = UInt64(0)

    init(settings: Settings) {
        self.settings = settings
    }

    var callCount: Int { calls.count }

    /// The largest frame that the server takes.
    var maxFrameBytes: Int {
        guard let limit = serverHello?.maxFrameBytes, limit > 0 else { return FrameLimits.maximumBytes }
        return Int(limit)
    }

    /// What the client says first.
    var hello: Frame {
        .hello(
            .with {
                $0.protocolVersion = Self.protocolVersion
                $0.agent = settings.agent
                $0.maxFrameBytes = UInt32(clamping: settings.maxFrameBytes)
                $0.initialCredit = settings.streamWindow
            })
    }

    // MARK: Calls

    /// Opens a call. The request's id is filled in.
    ///
    /// - Throws: a failure of a call that was not started, when the connection takes no new ones.
    mutating func open(_ request: Request, isStreaming: Bool) throws(CallFailure) -> (id: UInt64, actions: [Action]) {
        guard phase == .open else { throw CallFailure(farewell ?? Self.closing, wasStarted: false) }
        lastID += 1
        var request = request
        request.callID = lastID
        calls[lastID] = Call(isStreaming: isStreaming)
        let frame = Frame.request(request)
        guard hasRoom else {
            line.append((lastID, frame))
            return (lastID, [])
        }
        return (lastID, [.send(frame)])
    }

    /// The caller does not want the rest. Its call is forgotten; what still comes of it is ignored.
    mutating func cancel(_ id: UInt64) -> [Action] {
        guard calls[id] != nil else { return [] }
        let wasSent = !isInLine(id)
        return (wasSent ? [.send(.cancel(.with { $0.callID = id }))] : []) + forget(id) + sendNextInLine()
    }

    /// The consumer of a stream took a response. Credit is given back by the half window.
    mutating func consume(_ id: UInt64) -> [Action] {
        guard var call = calls[id] else { return [] }
        call.consumed += 1
        let isDue = call.consumed >= max(1, settings.streamWindow / 2)
        let messages = call.consumed
        if isDue { call.consumed = 0 }
        calls[id] = call
        guard isDue else { return [] }
        return [
            .send(
                .credit(
                    .with {
                        $0.callID = id
                        $0.messages = messages
                    }))
        ]
    }

    // MARK: Frames

    mutating func receive(_ frame: Frame) -> [Action] {
        switch phase {
        case .closed: return []
        case .connecting: return receiveHello(frame)
        case .open, .draining: break
        }
        switch frame.body {
        case .response(let response):
            guard let call = calls[response.callID] else { return [] }
            guard call.isStreaming else { return fail(response.callID, Self.unexpected("a stream")) }
            return [.deliver(response.callID, response.message)]
        case .end(let end):
            guard calls[end.callID] != nil else { return [] }
            let forgotten = forget(end.callID)
            if let error = end.error {
                return forgotten + [.fail(end.callID, CallFailure(error))] + sendNextInLine()
            }
            return forgotten + [.succeed(end.callID, end.response)] + sendNextInLine()
        case .goAway(let goAway): return receiveGoAway(goAway)
        case .ping(let ping): return [.send(.pong(.with { $0.number = ping.number }))]
        case .hello: return breakOff(Self.violation("a second Hello"))
        case .request, .cancel, .credit: return breakOff(Self.violation("a frame that only a client sends"))
        case .pong, nil: return []
        }
    }

    /// The bytes cannot be read, or the socket is gone.
    mutating func breakOff(_ error: CausewayError) -> [Action] {
        guard phase != .closed else { return [] }
        let started = calls.keys.filter { !isInLine($0) }.sorted()
        let waiting = line.map(\.id)
        phase = .closed
        farewell = farewell ?? error
        calls = [:]
        line.removeAll()
        return [.unusable(error)] + started.map { .fail($0, CallFailure(error)) }
            + waiting.map { .fail($0, CallFailure(error, wasStarted: false)) } + [.close]
    }

    private mutating func receiveHello(_ frame: Frame) -> [Action] {
        switch frame.body {
        case .hello(let hello):
            serverHello = hello
            guard hello.protocolVersion == Self.protocolVersion else {
                return breakOff(Self.incompatible(hello))
            }
            phase = .open
            return [.ready]
        case .goAway(let goAway): return breakOff(Self.refusal(goAway))
        default: return breakOff(Self.violation("something before its Hello"))
        }
    }

    private mutating func receiveGoAway(_ goAway: GoAway) -> [Action] {
        phase = .draining
        let error = Self.refusal(goAway)
        farewell = error
        var actions: [Action] = [.unusable(error)]
        for id in calls.keys.sorted() where id > goAway.lastCallID {
            actions += forget(id) + [.fail(id, CallFailure(error, wasStarted: false))]
        }
        return actions + closeIfDrained()
    }

    private func closeIfDrained() -> [Action] {
        phase == .draining && calls.isEmpty ? [.close] : []
    }

    // MARK: Room

    /// Whether one more call may be on its way.
    private var hasRoom: Bool {
        guard let limit = serverHello?.maxConcurrentCalls, limit > 0 else { return true }
        return calls.count - line.count <= Int(limit)
    }

    private func isInLine(_ id: UInt64) -> Bool {
        guard let first = line.first else { return false }
        return id >= first.id && line.contains { $0.id == id }
    }

    private mutating func forget(_ id: UInt64) -> [Action] {
        calls[id] = nil
        if let place = line.firstIndex(where: { $0.id == id }) { line.remove(at: place) }
        return closeIfDrained()
    }

    private mutating func sendNextInLine() -> [Action] {
        guard phase == .open, let next = line.first else { return [] }
        line.removeFirst()
        guard hasRoom else {
            line.prepend(next)
            return []
        }
        return [.send(next.frame)]
    }

    private mutating func fail(_ id: UInt64, _ error: CausewayError) -> [Action] {
        cancel(id) + [.fail(id, CallFailure(error))]
    }
}

/// Why a call failed, and whether the server may have seen it.
struct CallFailure: Error, Sendable {
    var error: CausewayError
    /// A call that was not started may be sent again on another connection, whatever it does.
    var wasStarted: Bool

    init(_ error: CausewayError, wasStarted: Bool = true) {
        self.error = error
        self.wasStarted = wasStarted
    }
}
