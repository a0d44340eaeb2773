package import CausewayCore
package import CausewayMessages

// The ranges and rules are those of google/protobuf/timestamp.proto and duration.proto.

extension ProtoTimestamp {
    /// Exact: ours are microseconds, these nanoseconds.
    package init(_ timestamp: Timestamp) {
        self.init()
        let (seconds, micros) = timestamp.micros.quotientAndRemainder(dividingByFloor: 1_000_000)
        self.seconds = seconds
        nanos = Int32(micros * 1000)
    }
}

extension Timestamp {
    /// Parts of a microsecond are dropped.
    ///
    /// Fails (INVALID_ARGUMENT) outside the years 1 to 9999 and for nanoseconds that are not part of one second.
    package init(_ proto: ProtoTimestamp) throws(CausewayError) {
        guard (-62_135_596_800...253_402_300_799).contains(proto.seconds) else {
            throw .invalid("seconds", "\(proto.seconds) is not within the years 1 to 9999")
        }
        guard (0..<1_000_000_000).contains(proto.nanos) else {
            throw .invalid("nanos", "\(proto.nanos) is not within 0 to 999999999")
        }
        self.init(micros: proto.seconds * 1_000_000 + Int64(proto.nanos) / 1000)
    }
}

/// The longest duration that can be sent, about 10,000 years.
private let longestDurationSeconds: Int64 = 315_576_000_000

extension ProtoDuration {
    /// Parts of a nanosecond are dropped; durations over 10,000 years either way become 10,000 years.
    package init(_ duration: Duration) {
        self.init()
        let longest = Duration.seconds(longestDurationSeconds)
        let (seconds, attoseconds) = min(max(duration, .zero - longest), longest).components
        self.seconds = seconds
        nanos = Int32(attoseconds / 1_000_000_000)
    }
}

extension Duration {
    /// Fails (INVALID_ARGUMENT) beyond 10,000 years, and for nanoseconds that are not part of one second or have not
    /// the sign of the seconds.
    package init(_ proto: ProtoDuration) throws(CausewayError) {
        guard (-longestDurationSeconds...longestDurationSeconds).contains(proto.seconds) else {
            throw .invalid("seconds", "\(proto.seconds) is more than 10,000 years")
        }
        guard (-999_999_999...999_999_999).contains(proto.nanos),
            proto.seconds == 0 || proto.nanos == 0 || (proto.seconds < 0) == (proto.nanos < 0)
        else {
            throw .invalid("nanos", "\(proto.nanos) is not a part of a second in the direction of the seconds")
        }
        self = .seconds(proto.seconds) + .nanoseconds(Int64(proto.nanos))
    }
}
