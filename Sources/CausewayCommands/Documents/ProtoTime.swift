import CausewayCore
import CausewayMessages

extension ProtoTimestamp {
    /// The instant, to the microsecond; a time beyond what 64 bits of microseconds hold becomes the farthest that do.
    var instant: Timestamp {
        let (micros, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { return Timestamp(micros: seconds < 0 ? .min : .max) }
        let (sum, carry) = micros.addingReportingOverflow(Int64(nanos) / 1_000)
        return Timestamp(micros: carry ? micros : sum)
    }
}

extension ProtoDuration {
    init(_ duration: Duration) {
        self.init()
        seconds = duration.components.seconds
        nanos = Int32(truncatingIfNeeded: duration.components.attoseconds / 1_000_000_000)
    }

    /// The length of time, at most the 10,000 years that the API allows.
    var length: Duration { .seconds(max(-Self.limit, min(seconds, Self.limit))) + .nanoseconds(Int64(nanos)) }

    private static let limit: Int64 = 315_576_000_000
}

extension JSONValue {
    /// An instant as RFC 3339, nil where there is none.
    static func time(_ time: ProtoTimestamp?) -> JSONValue? { time.map { .string($0.instant.rfc3339) } }
}
