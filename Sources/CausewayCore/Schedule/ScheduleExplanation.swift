/// One coming firing of a schedule, and why it is when it is.
package struct ExplainedFiring: Hashable, Sendable {
    package var time: Timestamp
    /// On the wall clock of the schedule's zone: "2026-03-29 03:00 CEST"; seconds only where there are any.
    package var localTime: String
    /// For people: "02:30 does not exist on 2026-03-29 in Europe/Paris; first instant after the gap".
    package var reason: String
}

extension ScheduleCalculator {
    /// How many firings ``explain(_:after:count:)`` gives at most.
    package static let greatestExplanation = 100

    /// The next `count` firings (at most ``greatestExplanation``) after `instant`, soonest first.
    ///
    /// - Throws: ``CausewayError`` (invalid argument) when the zone is not known.
    package func explain(
        _ schedule: Schedule, after instant: Timestamp, count: Int
    ) throws(CausewayError) -> [ExplainedFiring] {
        var firings: [ExplainedFiring] = []
        var from = instant
        while firings.count < min(count, Self.greatestExplanation) {
            guard let (time, reason) = try nextFiring(schedule, after: from) else { break }
            let local = try wallClock(time, in: zone(of: schedule))
            firings.append(ExplainedFiring(time: time, localTime: local, reason: reason))
            from = time
        }
        return firings
    }

    /// The schedule in words: "daily at 02:30 in Europe/Paris".
    package func summary(of schedule: Schedule) -> String {
        switch schedule.kind {
        case .manual: "only when asked"
        case .every(let period, let anchor): "every \(period.text), counted from \(anchor)"
        case .daily(let time, let zone?): "daily at \(time) in \(zone)"
        case .daily(let time, nil): "daily at \(time) in \(organisationZone), the organisation's time zone"
        }
    }

    /// What the clocks of `zone` show at `instant`: "2026-03-29 03:00 CEST".
    package func wallClock(_ instant: Timestamp, in zone: String) throws(CausewayError) -> String {
        let (date, time) = try rules.local(instant, in: zone)
        let abbreviation = try rules.offset(of: zone, at: instant).abbreviation
        return "\(date) \(time.secondOfDay % 60 == 0 ? time.description : time.withSeconds) \(abbreviation)"
    }

    private func nextFiring(
        _ schedule: Schedule, after instant: Timestamp
    ) throws(CausewayError) -> (Timestamp, String)? {
        switch schedule.kind {
        case .manual:
            return nil
        case .every(let period, let anchor):
            guard let slot = try nextSlot(of: schedule, after: instant),
                let cadence = Cadence(period: period, anchor: anchor)
            else { return nil }
            return (slot, "\(cadence.index(through: slot)) × \(period.text) after \(anchor)")
        case .daily(let time, let zone):
            guard Self.horizon.contains(instant), let slot = try daily(time, zone).next(after: instant) else {
                return nil
            }
            return (slot.instant, reason(for: slot, time, zone ?? organisationZone))
        }
    }

    private func reason(for slot: DailyRule.Slot, _ time: LocalTime, _ zone: String) -> String {
        var text =
            switch slot.occurrence {
            case .only: "daily at \(time) in \(zone)"
            case .firstOfTwo: "\(time) occurs twice on \(slot.date) in \(zone); the first of the two"
            case .afterGap: "\(time) does not exist on \(slot.date) in \(zone); first instant after the gap"
            }
        for date in slot.skippedDates { text += "; the date \(date) does not exist in \(zone)" }
        return text
    }
}
