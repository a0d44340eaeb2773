/// The slots of a daily schedule in one zone.
struct DailyRule {
    let time: LocalTime
    let zone: String
    let rules: any TimeZoneRules

    /// One slot: the date that it stands for, and when it fires.
    struct Slot {
        var date: LocalDate
        var instant: Timestamp
        var occurrence: ZoneWindow.Occurrence
        /// Dates right before it that the zone skipped.
        var skippedDates: [LocalDate] = []
    }

    /// The slot of `date`; nil when the zone has no such date.
    ///
    /// Slots ascend with dates: each is the first instant at which the clocks show its reading or a later one.
    func slot(on date: LocalDate) throws(CausewayError) -> Slot? {
        let midnight = Int64(date.daysSinceEpoch) * 86_400
        let wall = midnight + Int64(time.secondOfDay)
        let found = try ZoneWindow(around: wall, in: zone, by: rules).first(showing: wall)
        if found.shown >= midnight + 86_400 {
            // The gap reaches into the next date. Is anything left of this one?
            let start = try ZoneWindow(around: midnight, in: zone, by: rules).first(showing: midnight)
            guard start.shown < midnight + 86_400 else { return nil }
        }
        return Slot(date: date, instant: Timestamp(seconds: found.instant), occurrence: found.occurrence)
    }

    /// The first slot after `instant`.
    ///
    /// The slots of all dates before the one that the clocks show at `instant` have passed.
    func next(after instant: Timestamp) throws(CausewayError) -> Slot? {
        var date = try rules.local(instant, in: zone).date
        var skipped: [LocalDate] = []
        // Two at most are needed: today's may have passed, and no zone ever skipped two dates in a row.
        for _ in 0..<4 {
            if var slot = try slot(on: date) {
                if slot.instant > instant {
                    slot.skippedDates = skipped
                    return slot
                }
            } else {
                skipped.append(date)
            }
            date = date.adding(days: 1)
        }
        return nil
    }

    /// The last slot at or before `instant`.
    func last(through instant: Timestamp) throws(CausewayError) -> Slot? {
        // The next date's may already have passed where clocks were put back over midnight.
        var date = try rules.local(instant, in: zone).date.adding(days: 1)
        for _ in 0..<5 {
            if let slot = try slot(on: date), slot.instant <= instant { return slot }
            date = date.adding(days: -1)
        }
        return nil
    }
}
