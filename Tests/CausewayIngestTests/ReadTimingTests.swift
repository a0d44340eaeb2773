import CausewayCore
import Synchronization
import Testing

@testable import CausewayIngest

@Suite struct ReadTimingTests {
    /// A clock that goes on by one at each look.
    private final class Steps: Sendable {
        private let count = Mutex<Int64>(0)
        func next() -> Int64 {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    private func timings(_ content: [UInt8], clock: (@Sendable () -> Int64)?) throws -> ReadTimings {
        var reader = try FileRowReader(options: FileFormatOptions(), clock: clock)
        reader.feed(content)
        reader.finish()
        while try reader.nextBatch() != nil {}
        let timings = reader.takeTimings()
        #expect(reader.takeTimings() == ReadTimings())
        return timings
    }

    @Test func countsUnpackingAndDecodingByThemselves() throws {
        let text = "id,name\n" + (0..<40_000).map { "\($0),name \($0)\n" }.joined()
        let plain = Array(text.utf8)
        let steps = Steps()
        #expect(try timings(plain, clock: { steps.next() }) == ReadTimings())
        for packed in [Packing.gzip(plain), Packing.zstd(plain)] {
            let found = try timings(packed, clock: { steps.next() })
            #expect(found.unpackedBytes == plain.count)
            #expect(found.unpack > 0)
            #expect(found.decodedBytes == 0)
            #expect(try timings(packed, clock: nil).unpack == 0)
        }
        let wide: [UInt8] = [0xFF, 0xFE] + text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let found = try timings(wide, clock: { steps.next() })
        #expect(found.unpackedBytes == 0)
        // What the format is found out from is not counted.
        #expect(found.decodedBytes > plain.count / 2)
        #expect(found.decode > 0)
    }
}
