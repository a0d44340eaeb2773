import CausewayCore

/// Limits in time: of the Hello, of frames, of calls, of peers that do not read.
extension ServerConnectionMachine {
    /// When ``expire(now:)`` is to be called next; nil while nothing runs out.
    package var nextDeadline: Duration? {
        var earliest = [phaseDeadline, frameDeadline, stallDeadline].compactMap(\.self).min()
        for call in calls.values {
            guard let deadline = call.deadline, !call.isEnded else { continue }
            earliest = min(earliest ?? deadline, deadline)
        }
        return earliest
    }

    /// What has run out by `now`.
    package mutating func expire(now: Duration) -> [Action] {
        if let deadline = phaseDeadline, deadline <= now { return expirePhase(now: now) }
        if let deadline = stallDeadline, deadline <= now {
            // It does not read, so it would not read a farewell either.
            return connectionLost() + [.close]
        }
        if let deadline = frameDeadline, deadline <= now {
            return sendAway(
                .invalidArgument, "A frame that began did not arrive in \(limits.frameTimeout.text).", now: now)
        }
        var actions: [Action] = []
        for id in calls.keys.sorted() {
            guard let call = calls[id], let deadline = call.deadline, deadline <= now, !call.isEnded else { continue }
            actions += cancel(id, because: Self.deadlineExceeded) + [.end(id, Self.deadlineExceeded)]
            calls[id]?.isEnded = true
        }
        return actions
    }

    /// Whether the peer reads. Sets the time at which one that does not is cut off.
    package mutating func setWritable(_ isWritable: Bool, now: @autoclosure () -> Duration) {
        guard isWritable != self.isWritable else { return }
        self.isWritable = isWritable
        stallDeadline = isWritable || phase == .lingering || phase == .closed ? nil : now() + limits.stallTimeout
    }

    /// Whether the bytes at hand end within a frame.
    package mutating func setInFrame(_ isInFrame: Bool, now: @autoclosure () -> Duration) {
        if !isInFrame {
            frameDeadline = nil
        } else if frameDeadline == nil, phase != .lingering, phase != .closed {
            frameDeadline = now() + limits.frameTimeout
        }
    }

    private mutating func expirePhase(now: Duration) -> [Action] {
        phaseDeadline = nil
        switch phase {
        case .awaitingHello:
            return sendAway(.invalidArgument, "No Hello came in \(limits.helloTimeout.text).", now: now)
        case .open, .closed: return []
        case .draining:
            return calls.keys.sorted().flatMap { cancel($0, because: Self.stopping) } + closeIfDrained(now: now)
        case .lingering:
            phase = .closed
            return [.close]
        }
    }

    static var deadlineExceeded: CausewayError {
        CausewayError(
            .deadlineExceeded, reason: "DEADLINE_EXCEEDED",
            "The call took longer than its caller waits; it may still have had its effect.")
    }

    static var stopping: CausewayError {
        CausewayError(.unavailable, reason: "STOPPING", "The daemon is stopping.")
    }
}
