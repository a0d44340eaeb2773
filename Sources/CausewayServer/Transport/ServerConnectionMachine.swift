package import CausewayCore
package import CausewayMessages

/// The protocol of one connection, seen from the server: frames and events in, actions out. It does no I/O, has no
/// clock and starts nothing; whoever owns it carries its actions out, in their order.
///
/// A call is admitted by ``receive(_:now:)``; one that needs a task is entered by ``begin(_:isStreaming:timeout:now:)``
/// and left by ``finish(_:)``. A call whose time is over, or whose client is gone, stays entered until its task has
/// ended, so that the number of tasks stays bounded.
package struct ServerConnectionMachine: Sendable {
    package enum Phase: Hashable, Sendable {
        /// Nothing but a Hello is taken. Next: any.
        case awaitingHello
        /// Calls are taken. Next: draining, lingering, closed.
        case open
        /// Calls in progress are finished, no new ones taken. Next: lingering, closed.
        case draining
        /// The last word is said; input is thrown away until the peer closes. Next: closed.
        case lingering
        case closed
    }

    package enum Action: Sendable {
        case send(Frame)
        /// Sends the End of a call.
        case end(UInt64, CausewayError)
        /// Cancels the call's task; it still ends with ``ServerConnectionMachine/finish(_:)``.
        case cancelTask(UInt64)
        /// The response that waits in this call's writer will not go out.
        case refuseWrite(UInt64, CausewayError)
        /// Closes the output after what was sent, and throws input away.
        case linger
        case close
    }

    /// What a frame leads to.
    package enum Reception: Sendable {
        /// A new call. Its method is still to be looked up.
        case call(Request)
        case actions([Action])
    }

    struct Call {
        var isStreaming: Bool
        var deadline: Duration?
        /// Responses that the client takes now.
        var credit: UInt64
        /// A response waits for credit or for the peer to read.
        var isWaiting = false
        /// Why nothing more may be sent: cancelled, or its End is out.
        var refusal: CausewayError?
        var isEnded = false
    }

    package let limits: ServerLimits
    package internal(set) var phase = Phase.awaitingHello
    /// The peer's Hello.
    package internal(set) var peerHello: Hello?
    /// The greatest call id taken.
    package internal(set) var lastCallID = UInt64(0)
    /// Whether the peer reads what it is sent.
    package internal(set) var isWritable = true

    var calls: [UInt64: Call] = [:]
    /// Where the search for a waiting writer goes on, so that each has its turn.
    var lastAdmitted = UInt64(0)
    /// When the phase ends by itself: Hello, drain, linger.
    var phaseDeadline: Duration?
    var frameDeadline: Duration?
    var stallDeadline: Duration?

    package init(limits: ServerLimits) {
        self.limits = limits
    }

    package static let protocolVersion = UInt32(1)

    /// Calls whose tasks have not ended.
    package var callCount: Int { calls.count }

    /// Whether frames may be taken now: not while the peer leaves answers unread.
    package var takesFrames: Bool { isWritable || phase == .lingering }

    // MARK: Begin and end

    /// The peer was recognised.
    package mutating func accept(agent: String, now: Duration) -> [Action] {
        phaseDeadline = now + limits.helloTimeout
        return [.send(hello(agent: agent))]
    }

    /// The peer was not recognised, or there is no room for it.
    package mutating func refuse(agent: String, code: StatusCode, message: String, now: Duration) -> [Action] {
        [.send(hello(agent: agent))] + sendAway(code, message, now: now)
    }

    /// The peer will send nothing more; it may still read.
    package mutating func inputClosed(now: Duration) -> [Action] {
        switch phase {
        case .awaitingHello, .lingering:
            phase = .closed
            return [.close]
        case .open:
            phase = .draining
            // No more credit can come, so what waits for it waits for ever.
            var actions: [Action] = []
            for id in calls.keys.sorted() where calls[id]?.credit == 0 {
                actions += cancel(id, because: .cancelled)
            }
            return actions + closeIfDrained(now: now)
        case .draining: return closeIfDrained(now: now)
        case .closed: return []
        }
    }

    /// The connection is gone: every task is cancelled, every waiting writer refused.
    package mutating func connectionLost() -> [Action] {
        phase = .closed
        phaseDeadline = nil
        frameDeadline = nil
        stallDeadline = nil
        return calls.keys.sorted().flatMap { cancel($0, because: Self.connectionGone) }
    }

    /// Takes no new calls, says so, and closes when those in progress have ended.
    ///
    /// - Parameter deadline: when calls that have not ended are cancelled.
    package mutating func beginShutdown(deadline: Duration, now: Duration) -> [Action] {
        switch phase {
        case .awaitingHello:
            return sendAway(.unavailable, "The daemon is stopping.", now: now)
        case .open, .draining:
            phase = .draining
            phaseDeadline = deadline
            return [.send(goAway(.unavailable, "The daemon is stopping."))] + closeIfDrained(now: now)
        case .lingering, .closed: return []
        }
    }

    // MARK: Frames

    /// Takes one frame.
    package mutating func receive(_ frame: Frame, now: @autoclosure () -> Duration) -> Reception {
        switch phase {
        case .lingering, .closed: return .actions([])
        case .awaitingHello: return .actions(receiveHello(frame, now: now()))
        case .open, .draining: break
        }
        switch frame.body {
        case .request(let request): return receiveRequest(request, now: now())
        case .cancel(let body): return .actions(cancel(body.callID, because: .cancelled))
        case .credit(let body):
            grant(body.messages, to: body.callID)
            return .actions([])
        case .ping(let body):
            var pong = Pong()
            pong.number = body.number
            return .actions([.send(Frame(.pong(pong)))])
        case .goAway:
            phase = .draining
            return .actions(closeIfDrained(now: now()))
        case .hello: return .actions(violation("a second Hello", now: now()))
        case .response, .end: return .actions(violation("a frame that only a server sends", now: now()))
        case .pong, nil: return .actions([])
        }
    }

    /// Bytes arrived that are no frame, or too large a one.
    package mutating func receiveBroken(_ error: CausewayError, now: Duration) -> [Action] {
        switch phase {
        case .lingering, .closed: []
        case .awaitingHello, .open, .draining: sendAway(error.code, error.message, now: now)
        }
    }

    private mutating func receiveHello(_ frame: Frame, now: Duration) -> [Action] {
        guard case .hello(let hello) = frame.body else { return violation("a frame before the Hello", now: now) }
        guard hello.protocolVersion == Self.protocolVersion else {
            return sendAway(
                .failedPrecondition,
                "The daemon speaks protocol version \(Self.protocolVersion), this client \(hello.protocolVersion); "
                    + "use a client of the daemon's version.",
                now: now)
        }
        peerHello = hello
        phase = .open
        phaseDeadline = nil
        return []
    }

    private mutating func receiveRequest(_ request: Request, now: @autoclosure () -> Duration) -> Reception {
        // Later calls than the GoAway names were not started: the client sends them elsewhere.
        guard phase == .open else { return .actions([]) }
        guard request.callID > lastCallID else {
            return .actions(violation("call id \(request.callID) after \(lastCallID)", now: now()))
        }
        lastCallID = request.callID
        return .call(request)
    }

    // MARK: Words of farewell

    private mutating func violation(_ what: String, now: Duration) -> [Action] {
        sendAway(.invalidArgument, "The client broke the protocol: \(what).", now: now)
    }

    /// Says why, cancels everything, and closes.
    mutating func sendAway(_ code: StatusCode, _ message: String, now: Duration) -> [Action] {
        let cancels = calls.keys.sorted().flatMap { cancel($0, because: Self.connectionGone) }
        phase = .lingering
        phaseDeadline = now + limits.lingerTime
        frameDeadline = nil
        stallDeadline = nil
        return cancels + [.send(goAway(code, message)), .linger]
    }

    mutating func closeIfDrained(now: Duration) -> [Action] {
        guard phase == .draining, calls.isEmpty else { return [] }
        phase = .lingering
        phaseDeadline = now + limits.lingerTime
        frameDeadline = nil
        stallDeadline = nil
        return [.linger]
    }

    private func hello(agent: String) -> Frame {
        var hello = Hello()
        hello.protocolVersion = Self.protocolVersion
        hello.agent = agent
        hello.maxFrameBytes = UInt32(clamping: limits.maxFrameBytes)
        hello.maxConcurrentCalls = UInt32(clamping: limits.maxConcurrentCalls)
        return Frame(.hello(hello))
    }

    private func goAway(_ code: StatusCode, _ message: String) -> Frame {
        var goAway = GoAway()
        goAway.lastCallID = lastCallID
        goAway.code = code.rawValue
        goAway.message = message
        return Frame(.goAway(goAway))
    }

    static var connectionGone: CausewayError {
        CausewayError(.cancelled, reason: "CONNECTION_CLOSED", "The client's connection is closed.")
    }
}

extension Frame {
    /// A frame that says `body`.
    init(_ body: Body) {
        self.init()
        self.body = body
    }
}
