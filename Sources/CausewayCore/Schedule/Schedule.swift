/// When a connection is fetched.
package struct Schedule: Hashable, Sendable {
    package var kind: Kind
    package var catchUp: CatchUp

    package init(_ kind: Kind, catchUp: CatchUp = .runOnce) {
        self.kind = kind
        self.catchUp = catchUp
    }

    /// Only when asked.
    package static let manual = Schedule(.manual)

    package enum Kind: Hashable, Sendable {
        /// Only when asked.
        case manual
        /// At anchor + k × period, k from 1, in elapsed time. The anchor is the moment the schedule was set; runs never
        /// move it.
        case every(Duration, anchor: Timestamp)
        /// Once each local date of `zone` (an IANA name; nil: the organisation's).
        ///
        /// A time that a date skips fires at the first instant after the gap; one that occurs twice fires at the first;
        /// a date that the zone skips as a whole does not fire.
        case daily(LocalTime, zone: String?)
    }

    /// What happens about slots that passed while nobody was there to see them.
    package enum CatchUp: Int32, Hashable, Sendable, CaseIterable {
        /// One run for all of them.
        case runOnce = 0
        /// No run; the next slot is the next one.
        case skip = 1
    }

    /// The shortest and the longest period of ``Kind/every(_:anchor:)``.
    package static let periods: ClosedRange<Duration> = .seconds(60)...(.seconds(366 * 86_400))

    /// The periods that clients offer; any whole number of seconds within ``periods`` is accepted.
    package static let offeredPeriods: [Duration] =
        [15, 30, 60, 120, 240, 360, 480, 720].map { .seconds($0 * 60) } + [.seconds(7 * 86_400)]

    /// The same schedule set anew at `instant`: a period counts from then. Others are as they were.
    package func anchored(at instant: Timestamp) -> Schedule {
        guard case .every(let period, _) = kind else { return self }
        return Schedule(.every(period, anchor: instant), catchUp: catchUp)
    }

    /// Whether `other` is the same but for the anchor: setting it again changes nothing that people can see.
    package func isSameButForAnchor(_ other: Schedule) -> Bool {
        let origin = Timestamp(micros: 0)
        return anchored(at: origin) == other.anchored(at: origin)
    }

    /// Checks what does not depend on the state of anything but `rules`.
    ///
    /// - Throws: ``CausewayError`` (invalid argument) that names the field below `field`.
    package func validate(with rules: some TimeZoneRules, field: String = "schedule") throws(CausewayError) {
        switch kind {
        case .manual:
            return
        case .every(let period, _):
            guard Self.periods.contains(period) else {
                throw .invalid(
                    "\(field).every.period",
                    "\(period) is not between \(Self.periods.lowerBound.text) and \(Self.periods.upperBound.text).")
            }
            guard period == .seconds(period.wholeSeconds) else {
                throw .invalid("\(field).every.period", "\(period) is not a whole number of seconds.")
            }
        case .daily(let time, let zone):
            guard (0..<86_400).contains(time.secondOfDay), time.secondOfDay % 60 == 0 else {
                throw .invalid("\(field).daily", "the time is not one of 00:00 to 23:59.")
            }
            if let zone, !rules.isKnown(zone) {
                throw .invalid(
                    "\(field).daily.time_zone",
                    "\"\(zone.prefix(64))\" is not a known time zone; use an IANA name such as Europe/Paris.")
            }
        }
    }
}
