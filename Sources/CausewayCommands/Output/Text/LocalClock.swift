import CausewayCore
@preconcurrency import Glibc

/// The wall clock of whoever reads the output.
struct LocalClock: Sendable {
    /// The time now; fixed in tests.
    let now: Timestamp
    /// Seconds that the reader's clocks are ahead of UTC at an instant.
    let offset: @Sendable (Timestamp) -> Int
    /// It is the machine's, and goes on.
    private let ticks: Bool

    init(now: Timestamp, ticks: Bool = false, offset: @escaping @Sendable (Timestamp) -> Int) {
        self.now = now
        self.ticks = ticks
        self.offset = offset
    }

    /// The clock of this process: `TZ`, or the machine's zone.
    static func system() -> LocalClock {
        tzset()
        return LocalClock(now: Timestamp(seconds: Int64(time(nil))), ticks: true) { instant in
            var seconds = time_t(instant.seconds)
            var parts = tm()
            guard localtime_r(&seconds, &parts) != nil else { return 0 }
            return parts.tm_gmtoff
        }
    }

    /// The clock as it stands now; one that is fixed stays what it is.
    var current: LocalClock { ticks ? .system() : self }

    /// "2026-11-23 19:08:07".
    func text(_ time: Timestamp) -> String {
        let (seconds, _) = local(time)
        let (days, second) = seconds.quotientAndRemainder(dividingByFloor: 86_400)
        return "\(LocalDate(daysSinceEpoch: Int(days))) \(LocalTime(secondOfDay: Int(second)).withSeconds)"
    }

    /// "2026-11-23 19:08:07 (3 min ago)".
    func long(_ time: Timestamp) -> String { "\(text(time)) (\(Wording.relative(time, to: now)))" }

    /// "19:08:07.123", for log lines.
    func timeOfDay(_ time: Timestamp) -> String {
        let (seconds, micros) = local(time)
        let (_, second) = seconds.quotientAndRemainder(dividingByFloor: 86_400)
        let millis = String(1_000 + micros / 1_000).dropFirst()
        return "\(LocalTime(secondOfDay: Int(second)).withSeconds).\(millis)"
    }

    private func local(_ time: Timestamp) -> (seconds: Int64, micros: Int64) {
        // Far beyond any date of ours the offset would overflow; such times are shown in UTC.
        let (shifted, overflow) = time.micros.addingReportingOverflow(Int64(offset(time)) * 1_000_000)
        let parts = (overflow ? time.micros : shifted).quotientAndRemainder(dividingByFloor: 1_000_000)
        return (parts.quotient, parts.remainder)
    }
}
