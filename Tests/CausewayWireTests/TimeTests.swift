import CausewayCore
import CausewayMessages
import CausewayWire
import Testing

@Suite struct TimeTests {
    @Test(arguments: [0, 1, -1, 999_999, -1_000_001, 1_767_225_600_123_456, -62_135_596_800_000_000])
    func timestampsComeBack(micros: Int64) throws {
        let proto = ProtoTimestamp(Timestamp(micros: micros))
        #expect((0..<1_000_000_000).contains(proto.nanos))
        #expect(try Timestamp(proto).micros == micros)
    }
}
