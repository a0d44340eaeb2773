import CausewayCore
import CausewayMessages
import CausewayWire
import Testing

@Suite struct TimeTests {
    @Test(arguments: [0, 1, -1, 999_999, -1_000_001, 1_767_225_600_123_456, -62_135_596_800_000_000] as [Int64])
    func timestampsComeBack(micros: Int64) throws {
        let proto = ProtoTimestamp(Timestamp(micros: micros))
        #expect((0..<1_000_000_000).contains(proto.nanos))
        #expect(try Timestamp(proto).micros == micros)
    }

    @Test(arguments: [.max, .min] as [Int64])
    func everyTimestampCanBeWritten(micros: Int64) {
        #expect(ProtoTimestamp(Timestamp(micros: micros)).seconds == micros / 1_000_000 - (micros < 0 ? 1 : 0))
    }

    @Test(
        arguments: [
            (Int64.max, 0), (.min, 0), (253_402_300_800, 0), (-62_135_596_801, 0), (0, -1), (0, 1_000_000_000),
            (0, .min),
        ] as [(Int64, Int32)])
    func timestampsThatAreNoneAreRefused(seconds: Int64, nanos: Int32) {
        let proto = ProtoTimestamp.with {
            $0.seconds = seconds
            $0.nanos = nanos
        }
        #expect(throws: CausewayError.self) { try Timestamp(proto) }
    }

    @Test(
        arguments: [
            .zero, .nanoseconds(1), .nanoseconds(-1), .milliseconds(1500), .milliseconds(-1500),
            .seconds(315_576_000_000), .seconds(-315_576_000_000),
        ] as [Duration])
    func durationsComeBack(duration: Duration) throws {
        #expect(try Duration(ProtoDuration(duration)) == duration)
    }

    @Test func durationsBeyondReasonAreCut() {
        #expect(ProtoDuration(.seconds(Int64.max)).seconds == 315_576_000_000)
        #expect(ProtoDuration(.seconds(Int64.min)).seconds == -315_576_000_000)
    }

    @Test(
        arguments: [
            (Int64.max, 0), (.min, 0), (315_576_000_001, 0), (1, -1), (-1, 1), (0, 1_000_000_000), (0, .min),
        ] as [(Int64, Int32)])
    func durationsThatAreNoneAreRefused(seconds: Int64, nanos: Int32) {
        let proto = ProtoDuration.with {
            $0.seconds = seconds
            $0.nanos = nanos
        }
        #expect(throws: CausewayError.self) { try Duration(proto) }
    }
}
