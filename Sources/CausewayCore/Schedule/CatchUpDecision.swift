/// What is to be done about a slot that is due, and about those that passed with it.
package struct CatchUpDecision: Hashable, Sendable {
    /// The slot to run for now; nil: none.
    package var run: Timestamp?
    /// Whether ``run`` makes up for a slot that was missed; false: it is on time.
    package var isCatchUp: Bool
    /// The slots to be recorded as skipped.
    package var skipped: SlotSpan?
    /// Why they are skipped.
    package var reason: SkipReason
    /// The next firing, to be persisted; nil: none.
    package var next: Timestamp?
}

/// Why a slot did not become a run. The raw value is what is stored and shown.
package enum SkipReason: String, Hashable, Sendable, CaseIterable {
    case caughtUp = "missed while nothing was running; one run makes up for all missed slots"
    case missed = "missed while nothing was running; the schedule does not catch up"
    case runInProgress = "a run was in progress"
    case paused = "the connection was paused"
    case needsReconnect = "the connection has to be reconnected"
    case parked = "the connection was parked after repeated failures"
    case stopping = "the daemon was stopping"
}

extension ScheduleCalculator {
    /// How late a slot may be noticed and still count as on time. Shorter than the shortest period, so that at most one
    /// slot is on time.
    package static let grace: Duration = .seconds(30)

    /// Decides at `now` about the persisted slot `due` and all that followed it.
    ///
    /// The latest slot is run when it is on time, or when the schedule catches up. Those before it are skipped, so
    /// however long nobody was there, there is one run at most. A `due` that lies ahead is the decision's `next`: after
    /// a clock was put back, nothing runs twice.
    ///
    /// - Throws: ``CausewayError`` (invalid argument) when the zone is not known.
    package func decide(
        _ schedule: Schedule, due: Timestamp?, now: Timestamp
    ) throws(CausewayError) -> CatchUpDecision {
        var decision = CatchUpDecision(run: nil, isCatchUp: false, skipped: nil, reason: .caughtUp, next: due)
        if case .manual = schedule.kind {
            decision.next = nil
            return decision
        }
        guard let due, due <= now else {
            if due == nil { decision.next = try nextSlot(of: schedule, after: now) }
            return decision
        }
        decision.next = try nextSlot(of: schedule, after: now)

        // `due` was a slot when it was persisted, whatever the zone's rules say today.
        let later = try slots(of: schedule, after: due, through: now)
        let latest = later?.last ?? due
        let isOnTime = now - latest <= Self.grace
        guard isOnTime || schedule.catchUp == .runOnce else {
            decision.reason = .missed
            decision.skipped = SlotSpan(
                first: due, last: latest, count: 1 + (later?.count ?? 0), isCountExact: later?.isCountExact ?? true)
            return decision
        }
        decision.run = latest
        decision.isCatchUp = !isOnTime
        if let later {
            decision.reason = schedule.catchUp == .runOnce ? .caughtUp : .missed
            // All but the latest: as many as follow `due`.
            decision.skipped = SlotSpan(
                first: due, last: try lastSlot(of: schedule, from: due, before: latest), count: later.count,
                isCountExact: later.isCountExact)
        }
        return decision
    }

    private func lastSlot(
        of schedule: Schedule, from due: Timestamp, before latest: Timestamp
    ) throws(CausewayError) -> Timestamp {
        try slots(of: schedule, after: due, through: Timestamp(micros: latest.micros - 1), limit: 1)?.last ?? due
    }
}
