package import CausewayCore
import CausewayMessages
package import CausewayStore

// The schedule of one connection. Slots are decided about when they are prepared; what was decided stands in the unit.
extension Connection {
    /// The timer went off: the slot that the machine waits for may have come.
    package func timerFired() async {
        guard let slot = machine.nextSlot else { return }
        do {
            guard slot <= context.clock.now else {
                try await perform([.armTimer(slot)])
                return
            }
            let decision = try decision(about: slot)
            if decision.run == nil {
                try await settle(slot, skipped: nil)
            } else {
                let trigger: RunTrigger = decision.isCatchUp ? .catchUp : .schedule
                try await perform(machine.apply(.slotDue(slot, trigger)))
            }
        } catch {
            // The slot stays persisted as the next one, so that whoever starts this actor again finds it.
            context.childFailed(shard, error)
        }
    }

    /// Makes the next slot known and arms the timer: after the boot, an edit, or a change of the organisation's zone.
    ///
    /// - Parameters:
    ///   - state: where the schedule had got to; nil: it was set anew.
    ///   - jitter: how long a slot that is already due waits at most.
    func startSchedule(_ state: StoredScheduleState?, jitter: Duration) async throws(CausewayError) {
        let persisted = state.flatMap { $0.nextSlotMicros == 0 ? nil : Timestamp(micros: $0.nextSlotMicros) }
        let now = context.clock.now
        if let persisted, persisted <= now {
            _ = try machine.apply(.nextSlotKnown(persisted))
            await context.timers.arm(shard, at: now + context.randomDuration(upTo: jitter))
            return
        }
        var next = persisted
        if next == nil {
            let schedule = Schedule(try connectionRecord().schedule.orEmpty)
            guard schedule != .manual else { return }
            next = try calculator().nextSlot(of: schedule, after: now)
            var unit = context.unit(of: shard)
            try ScheduleStateTable.put(into: &unit, StoredScheduleState(next: next, last: nil))
            try await context.store.commit(unit)
        }
        try await perform(machine.apply(.nextSlotKnown(next)))
    }

    /// The organisation's time zone changed: a daily schedule without a zone of its own has other slots now.
    package func organisationZoneChanged() async {
        do {
            guard case .daily(_, nil) = Schedule(try connectionRecord().schedule.orEmpty).kind else { return }
            try await startSchedule(nil, jitter: .zero)
        } catch {
            context.childFailed(shard, error)
        }
    }

    /// Writes down how `slot` came out and where the schedule goes on.
    ///
    /// - Parameter skipped: why the slot did not become a run; nil: it did.
    /// - Returns: the next slot.
    func settlement(
        of slot: Timestamp, into unit: inout CommitUnit, skipped: SkipReason?
    ) throws(CausewayError) -> Timestamp? {
        let decision = try decision(about: slot)
        let passedOver = decision.skipped?.count ?? 0
        if let skipped {
            try SkippedSlotTable.put(into: &unit, slot, StoredSkippedSlot(skipped, count: 1 + passedOver))
        } else if let span = decision.skipped {
            try SkippedSlotTable.put(into: &unit, span.first, StoredSkippedSlot(decision.reason, count: passedOver))
        }
        try ScheduleStateTable.put(
            into: &unit, StoredScheduleState(next: decision.next, last: decision.run ?? slot))
        return decision.next
    }

    /// Carries out that a slot did not become a run: for a reason of the connection's, or because it was missed.
    func settle(_ slot: Timestamp, skipped: SkipReason?) async throws(CausewayError) {
        var unit = context.unit(of: shard)
        let next = try settlement(of: slot, into: &unit, skipped: skipped)
        try await context.store.commit(unit)
        try await perform(machine.apply(.nextSlotKnown(next)))
    }

    private func decision(about slot: Timestamp) throws(CausewayError) -> CatchUpDecision {
        let schedule = Schedule(try connectionRecord().schedule.orEmpty)
        return try calculator().decide(schedule, due: slot, now: context.clock.now)
    }

    func calculator() throws(CausewayError) -> ScheduleCalculator {
        let organisation = try context.readStore { try OrganisationTable.get(in: $0) }
        return ScheduleCalculator(
            rules: context.environment.zones, organisationZone: organisation?.timeZone ?? OrganisationDefaults.timeZone)
    }
}

/// The firings of a schedule, for people.
package struct ScheduleExplanation: Sendable {
    package var summary: String
    package var firings: [ExplainedFiring]
    /// Latest first.
    package var skipped: [SkippedSlotTable.Entry]
}

extension Connection {
    /// The next firings and why, and the slots skipped lately.
    ///
    /// - Parameter schedule: explained instead of the one that is kept.
    package func explainSchedule(_ schedule: Schedule?, count: Int) throws(CausewayError) -> ScheduleExplanation {
        let kept = Schedule(try connectionRecord().schedule.orEmpty)
        let explained = schedule ?? kept
        if let schedule { try schedule.validate(with: context.environment.zones) }
        let calculator = try calculator()
        return ScheduleExplanation(
            summary: calculator.summary(of: explained),
            firings: try calculator.explain(explained, after: context.clock.now, count: count),
            skipped: try context.readStore { try SkippedSlotTable.list(in: $0, shard, limit: 20) })
    }
}
