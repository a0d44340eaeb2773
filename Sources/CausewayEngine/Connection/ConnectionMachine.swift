package import CausewayCore

/// What a connection is up to, as a value: takes events, decides, and returns what is to be done. It does nothing
/// itself and never waits, so that no two events can interleave inside a decision.
package struct ConnectionMachine: Hashable, Sendable {
    /// Where the connection's one run is. `nil` in ``run`` means that there is none.
    package enum Phase: Hashable, Sendable {
        /// Decided; its record is being committed. Next: queued, or none when the commit fails.
        case recording
        /// Waits for a permit. Next: running, or none when it is cancelled.
        case queued
        /// In progress. Next: stopping, or none.
        case running
        /// Told to stop. Next: none.
        case stopping(StopReason)
    }

    /// The run that was decided last and has not ended.
    package struct ActiveRun: Hashable, Sendable {
        package var plan: RunPlan
        package var phase: Phase
    }

    package private(set) var run: ActiveRun?
    package private(set) var lastRunNumber: UInt64
    package private(set) var isPaused: Bool
    package private(set) var hold: Hold?
    package private(set) var isDeleting = false
    package private(set) var isStopping = false
    /// The slot the timer is armed for.
    package private(set) var nextSlot: Timestamp?

    package init(lastRunNumber: UInt64, isPaused: Bool, hold: Hold?) {
        self.lastRunNumber = lastRunNumber
        self.isPaused = isPaused
        self.hold = hold
    }

    /// One word for people: "idle", "queued", "running", "stopping", "paused", "needs-reconnect", "parked", "deleting".
    package var stateName: String {
        if isDeleting { return "deleting" }
        switch run?.phase {
        case .recording, .queued: return "queued"
        case .running: return "running"
        case .stopping: return "stopping"
        case nil: break
        }
        switch hold {
        case .needsReconnect: return "needs-reconnect"
        case .parked: return "parked"
        case nil: return isPaused ? "paused" : "idle"
        }
    }
}

/// Why a connection is held until somebody acts. Raw values are stored.
package enum Hold: Int32, Hashable, Sendable {
    /// The other side refuses the credentials, or is not the host it was.
    case needsReconnect = 1
    /// Its actor failed too often.
    case parked = 2
}

/// A run that was decided.
package struct RunPlan: Hashable, Sendable {
    package var number: UInt64
    package var kind: RunKind
    package var trigger: RunTrigger
    /// The slot of the schedule that it stands for.
    package var slot: Timestamp?
    package var requestID: String
    package var scope: RunScope

    package init(
        number: UInt64, kind: RunKind, trigger: RunTrigger, slot: Timestamp? = nil, requestID: String = "",
        scope: RunScope = RunScope()
    ) {
        self.number = number
        self.kind = kind
        self.trigger = trigger
        self.slot = slot
        self.requestID = requestID
        self.scope = scope
    }
}

/// What a run does. Raw values are stored.
package enum RunKind: Int32, Hashable, Sendable, CaseIterable {
    case full = 1
    case metadata = 2
    /// Counts the figures anew.
    case statistics = 3
    /// Reads rows in quarantine again.
    case quarantineRetry = 4

    /// Whether it signs in at the other side.
    package var usesSource: Bool { self == .full || self == .metadata }
}

/// What a run is about.
package struct RunScope: Hashable, Sendable {
    /// Of a statistics run an entity, of a retry a ``QuarantineSubject``; empty: all of the connection.
    package var subject: String
    /// Files that the ledger shows as done are read again.
    package var again: Bool

    package init(subject: String = "", again: Bool = false) {
        self.subject = subject
        self.again = again
    }
}

/// Why a run was started. Raw values are stored.
package enum RunTrigger: Int32, Hashable, Sendable, CaseIterable {
    case manual = 1
    case schedule = 2
    case catchUp = 3
    case resume = 4
}

/// Why a run was told to stop.
package enum StopReason: Hashable, Sendable, CaseIterable {
    /// Somebody asked. Ends as cancelled.
    case cancelled
    /// The daemon stops, or the connection moves. Ends as interrupted, and another run goes on from its checkpoint.
    case shutdown
    /// It made no progress for the stall timeout. Ends as failed.
    case stalled
    /// The connection is being deleted.
    case deleted
}

/// What happens to a connection.
package enum ConnectionEvent: Hashable, Sendable {
    /// Somebody, or the boot, asks for a run.
    case fetchRequested(RunKind, RunTrigger, slot: Timestamp?, requestID: String, scope: RunScope = RunScope())
    /// The slot that the timer is armed for has come; the trigger says whether in time or to make up for a missed one.
    case slotDue(Timestamp, RunTrigger)
    /// The run's record is on disk.
    case runRecorded
    /// The run's record could not be committed: there is no run.
    case runNotRecorded
    case permitGranted
    /// The run's last word is on disk; `hold` when nothing will work until somebody acts.
    case runEnded(hold: Hold?)
    case stopRequested(StopReason)
    case paused
    case resumed
    /// New credentials are on disk.
    case reconnected
    /// The schedule's next slot is known: at boot, after an edit, after a slot.
    case nextSlotKnown(Timestamp?)
    case deleteRequested
}

/// What is to be done, in order.
package enum ConnectionDirective: Hashable, Sendable {
    /// Commit the run's record, then report ``ConnectionEvent/runRecorded`` or ``ConnectionEvent/runNotRecorded``.
    case recordRun(RunPlan)
    /// Get a permit for the run and start it when it is granted.
    case requestPermit(RunPlan)
    case startRun(RunPlan)
    /// Tell the run, or its wait for a permit, to stop.
    case stopRun(RunPlan, StopReason)
    /// The slot did not become a run.
    case recordSkippedSlot(Timestamp, SkipReason)
    case armTimer(Timestamp)
    case disarmTimer
}

extension ConnectionMachine {
    /// Takes one event.
    ///
    /// - Throws: ``CausewayError`` when the event is a request that cannot be met now; the machine is as it was.
    package mutating func apply(_ event: ConnectionEvent) throws(CausewayError) -> [ConnectionDirective] {
        switch event {
        case .fetchRequested(let kind, let trigger, let slot, let requestID, let scope):
            try admit(kind)
            return begin(kind, trigger, slot: slot, requestID: requestID, scope: scope)
        case .slotDue(let slot, let trigger):
            return slotDue(slot, trigger)
        case .runRecorded:
            return runRecorded()
        case .runNotRecorded:
            run = nil
            lastRunNumber -= 1
            return []
        case .permitGranted:
            guard let active = run, case .queued = active.phase else { return [] }
            run?.phase = .running
            return [.startRun(active.plan)]
        case .runEnded(let hold):
            run = nil
            if let hold { self.hold = hold }
            return []
        case .stopRequested(let reason):
            return stop(reason)
        case .paused:
            isPaused = true
            return []
        case .resumed:
            isPaused = false
            if hold == .parked { hold = nil }
            return []
        case .reconnected:
            hold = nil
            return []
        case .nextSlotKnown(let slot):
            nextSlot = isDeleting || isStopping ? nil : slot
            return [nextSlot.map { .armTimer($0) } ?? .disarmTimer]
        case .deleteRequested:
            isDeleting = true
            nextSlot = nil
            return [.disarmTimer] + stop(.deleted)
        }
    }

    /// The mutation that simulations must find: forgets that a run was decided. Never called otherwise.
    mutating func forgetRun() { run = nil }

    private func admit(_ kind: RunKind) throws(CausewayError) {
        guard !isDeleting else {
            throw CausewayError(
                .failedPrecondition, reason: "CONNECTION_DELETING", "The connection is being deleted.")
        }
        guard !isStopping else {
            throw CausewayError(
                .unavailable, reason: "DAEMON_STOPPING", "The daemon is stopping; ask again when it is back.")
        }
        if let run {
            throw CausewayError(
                .aborted, reason: "RUN_IN_PROGRESS",
                "Run \(run.plan.number) is in progress; watch it, or cancel it first.",
                metadata: ["run": String(run.plan.number)])
        }
        if hold == .needsReconnect, kind.usesSource {
            throw CausewayError(
                .failedPrecondition, reason: "NEEDS_RECONNECT",
                "The connection needs new credentials; reconnect it first.")
        }
    }

    private mutating func begin(
        _ kind: RunKind, _ trigger: RunTrigger, slot: Timestamp?, requestID: String, scope: RunScope = RunScope()
    ) -> [ConnectionDirective] {
        lastRunNumber += 1
        let plan = RunPlan(
            number: lastRunNumber, kind: kind, trigger: trigger, slot: slot, requestID: requestID, scope: scope)
        run = ActiveRun(plan: plan, phase: .recording)
        return [.recordRun(plan)]
    }

    private mutating func slotDue(_ slot: Timestamp, _ trigger: RunTrigger) -> [ConnectionDirective] {
        // A timer that was armed for another slot than the present one says nothing.
        guard slot == nextSlot else { return [] }
        nextSlot = nil
        let reason: SkipReason? =
            if isStopping || isDeleting {
                .stopping
            } else if run != nil {
                .runInProgress
            } else if hold == .needsReconnect {
                .needsReconnect
            } else if hold == .parked {
                .parked
            } else if isPaused {
                .paused
            } else {
                nil
            }
        if let reason { return [.recordSkippedSlot(slot, reason)] }
        return begin(.full, trigger, slot: slot, requestID: "")
    }

    private mutating func runRecorded() -> [ConnectionDirective] {
        guard let active = run else { return [] }
        // A stop that came while the record was being written is carried out now.
        if case .stopping(let reason) = active.phase {
            return [.requestPermit(active.plan), .stopRun(active.plan, reason)]
        }
        run?.phase = .queued
        return [.requestPermit(active.plan)]
    }

    private mutating func stop(_ reason: StopReason) -> [ConnectionDirective] {
        var directives: [ConnectionDirective] = []
        if reason == .shutdown {
            isStopping = true
            nextSlot = nil
            directives.append(.disarmTimer)
        }
        guard let active = run else { return directives }
        switch active.phase {
        case .stopping:
            return directives
        case .recording:
            run?.phase = .stopping(reason)
            return directives
        case .queued, .running:
            run?.phase = .stopping(reason)
            return directives + [.stopRun(active.plan, reason)]
        }
    }
}
