/// Computes the slots of schedules. Pure: the same rules, zone and arguments give the same slots.
///
/// A slot is known by its instant. All calls take the instant from which to look, none knows the time.
package struct ScheduleCalculator: Sendable {
    package let rules: any TimeZoneRules
    /// The zone of schedules that name none: an IANA name.
    package let organisationZone: String

    package init(rules: any TimeZoneRules, organisationZone: String) {
        self.rules = rules
        self.organisationZone = organisationZone
    }

    /// The first slot strictly after `instant`; nil for a manual schedule, and beyond the year 9999.
    ///
    /// - Throws: ``CausewayError`` (invalid argument) when the zone is not known any more.
    package func nextSlot(of schedule: Schedule, after instant: Timestamp) throws(CausewayError) -> Timestamp? {
        guard Self.horizon.contains(instant) else { return nil }
        switch schedule.kind {
        case .manual:
            return nil
        case .every(let period, let anchor):
            guard let cadence = Cadence(period: period, anchor: anchor) else { return nil }
            return cadence.instant(cadence.index(through: instant) + 1)
        case .daily(let time, let zone):
            return try daily(time, zone).next(after: instant)?.instant
        }
    }

    /// The slots after `start` up to and including `end`, without a list of them; nil when there are none.
    ///
    /// - Parameter limit: where counting the slots of a daily schedule stops; then the count is a lower bound. First
    ///   and last are exact whatever the limit.
    package func slots(
        of schedule: Schedule, after start: Timestamp, through end: Timestamp, limit: Int = 10_000
    ) throws(CausewayError) -> SlotSpan? {
        guard let first = try nextSlot(of: schedule, after: start), first <= end, Self.horizon.contains(end) else {
            return nil
        }
        switch schedule.kind {
        case .manual:
            return nil
        case .every(let period, let anchor):
            guard let cadence = Cadence(period: period, anchor: anchor) else { return nil }
            let indices = (cadence.index(through: first), cadence.index(through: end))
            guard let last = cadence.instant(indices.1) else { return nil }
            return SlotSpan(first: first, last: last, count: Int(indices.1 - indices.0) + 1, isCountExact: true)
        case .daily(let time, let zone):
            let rule = daily(time, zone)
            let last = try rule.last(through: end)?.instant ?? first
            var (count, slot) = (1, first)
            while slot < last, count < limit, let next = try rule.next(after: slot)?.instant {
                (count, slot) = (count + 1, next)
            }
            return SlotSpan(first: first, last: last, count: count, isCountExact: slot >= last)
        }
    }

    /// The zone whose wall clock a schedule goes by.
    package func zone(of schedule: Schedule) -> String {
        guard case .daily(_, let zone?) = schedule.kind else { return organisationZone }
        return zone
    }

    func daily(_ time: LocalTime, _ zone: String?) -> DailyRule {
        DailyRule(time: time, zone: zone ?? organisationZone, rules: rules)
    }

    /// Years -9999 to 9999; a clock that says otherwise is broken, and sums within it do not overflow.
    static let horizon = Timestamp(seconds: -377_705_116_800)...Timestamp(seconds: 253_402_300_799)
}

/// Slots in a row.
package struct SlotSpan: Hashable, Sendable {
    package var first: Timestamp
    package var last: Timestamp
    /// How many, first and last included.
    package var count: Int
    /// False when counting stopped at a limit: then there are more than `count`.
    package var isCountExact: Bool

    package init(first: Timestamp, last: Timestamp, count: Int, isCountExact: Bool = true) {
        self.first = first
        self.last = last
        self.count = count
        self.isCountExact = isCountExact
    }
}

/// The slots anchor + k × period, k from 1.
struct Cadence {
    let period: Int64
    let anchor: Int64

    /// Nil where `period` or `anchor` is out of all bounds: slots computed from them might overflow.
    init?(period: Duration, anchor: Timestamp) {
        guard Schedule.periods.contains(period), ScheduleCalculator.horizon.contains(anchor) else { return nil }
        self.period = period.microseconds
        self.anchor = anchor.micros
    }

    /// k of the last slot at or before `instant`, 0 before the first.
    func index(through instant: Timestamp) -> Int64 {
        max(0, (instant.micros - anchor).quotientAndRemainder(dividingByFloor: period).quotient)
    }

    func instant(_ index: Int64) -> Timestamp? {
        let slot = Timestamp(micros: anchor + index * period)
        return ScheduleCalculator.horizon.contains(slot) ? slot : nil
    }
}
