package import CausewayCore
import CausewayMessages

/// Calls that need a task, and their flow control.
extension ServerConnectionMachine {
    /// Enters a call.
    ///
    /// - Parameter timeout: how long it may take from `now`; nil is without limit.
    /// - Throws: RESOURCE_EXHAUSTED when as many calls as the limits grant are in progress.
    package mutating func begin(
        _ id: UInt64, isStreaming: Bool, timeout: Duration?, now: Duration
    ) throws(CausewayError) {
        guard calls.count < limits.maxConcurrentCalls else {
            throw CausewayError(
                .resourceExhausted, reason: "TOO_MANY_CALLS",
                "\(limits.maxConcurrentCalls) calls are in progress on this connection; wait for one to end.",
                metadata: ["max_concurrent_calls": "\(limits.maxConcurrentCalls)"], retry: .backoff)
        }
        let credit = isStreaming ? UInt64(peerHello?.initialCredit ?? 0) : 1
        calls[id] = Call(isStreaming: isStreaming, deadline: timeout.map { now + $0 }, credit: credit)
    }

    /// The call's task has ended. Returns whether its End is still to be sent.
    package mutating func finish(_ id: UInt64) -> Bool {
        guard let call = calls.removeValue(forKey: id) else { return false }
        return !call.isEnded && (phase == .open || phase == .draining)
    }

    /// To be asked after a ``finish(_:)`` and the sending of its End.
    package mutating func afterFinish(now: Duration) -> [Action] {
        guard phase == .draining else { return [] }
        return closeIfDrained(now: now)
    }

    /// What becomes of a response of a stream.
    package enum WriteDecision: Sendable {
        /// Send it; its credit is spent.
        case send
        /// Keep it until ``ServerConnectionMachine/nextAdmissible()`` names the call, or it is refused.
        case wait
        case refuse(CausewayError)
    }

    /// A stream has a response to send.
    package mutating func offerResponse(_ id: UInt64) -> WriteDecision {
        guard let call = calls[id] else { return .refuse(Self.connectionGone) }
        if let refusal = call.refusal { return .refuse(refusal) }
        guard !call.isWaiting else {
            return .refuse(
                CausewayError(.internal, reason: "CONCURRENT_WRITE", "A stream's responses are written one at a time."))
        }
        guard call.credit > 0, isWritable else {
            calls[id]?.isWaiting = true
            return .wait
        }
        calls[id]?.credit -= 1
        return .send
    }

    /// The next call whose waiting response may be sent now; its credit is spent and it waits no more.
    package mutating func nextAdmissible() -> UInt64? {
        guard isWritable else { return nil }
        var next: UInt64?
        var first: UInt64?
        for (id, call) in calls where call.isWaiting && call.credit > 0 {
            if first.map({ id < $0 }) ?? true { first = id }
            if id > lastAdmitted, next.map({ id < $0 }) ?? true { next = id }
        }
        guard let id = next ?? first else { return nil }
        calls[id]?.isWaiting = false
        calls[id]?.credit -= 1
        lastAdmitted = id
        return id
    }

    /// The writer of a waiting response gave it up.
    package mutating func withdrawResponse(_ id: UInt64) {
        calls[id]?.isWaiting = false
    }

    mutating func grant(_ messages: UInt32, to id: UInt64) {
        // Credit for a call that has just ended is no error: the two crossed.
        guard let call = calls[id], call.isStreaming else { return }
        calls[id]?.credit = min(call.credit + UInt64(messages), UInt64(UInt32.max))
    }

    /// Nobody wants the rest of the call.
    mutating func cancel(_ id: UInt64, because reason: CausewayError) -> [Action] {
        guard let call = calls[id], call.refusal == nil else { return [] }
        calls[id]?.refusal = reason
        calls[id]?.isWaiting = false
        return (call.isWaiting ? [.refuseWrite(id, reason)] : []) + [.cancelTask(id)]
    }
}
