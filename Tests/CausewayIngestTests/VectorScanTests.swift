import CScan
import Testing

@testable import CausewayIngest

/// Vectors find what a look at each byte finds, whatever the bytes and wherever they lie.
@Suite struct VectorScanTests {
    private static let markers: [(UInt8, UInt8, UInt8)] = [
        (0x2C, 0x22, 0x22), (0x3B, 0x27, 0x5C), (0x09, 0, 0), (0x7C, 0x22, 0x5C), (0x80, 0xFF, 0x0E),
        (0x01, 0x1F, 0x20),
    ]
    /// Bytes beside which something changes.
    private static let edges: [UInt8] = [
        0, 1, 0x08, 0x09, 0x0A, 0x0C, 0x0D, 0x0E, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x27, 0x2C, 0x3B, 0x5B, 0x5C, 0x5D,
        0x7C,
        0x7F, 0x80, 0x81, 0xA2, 0xDC, 0xFE, 0xFF,
    ]

    private func compare(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        return Self.markers.allSatisfy { delimiter, quote, escape in
            let found = cscan_find(base, delimiter, quote, escape)
            let wanted = cscan_find_portable(base, delimiter, quote, escape)
            return found.found == wanted.found && found.non_ascii == wanted.non_ascii
        }
    }

    private func comparePlain(_ text: [UInt8], _ range: Range<Int>) -> Bool {
        text.withUnsafeBufferPointer { text in
            let found = cscan_json_plain(text.baseAddress, range.lowerBound, range.upperBound)
            let wanted = cscan_json_plain_portable(text.baseAddress, range.lowerBound, range.upperBound, 0)
            return found.end == wanted.end && (found.has_upper != 0) == (wanted.has_upper != 0)
        }
    }

    @Test func allBytesAtAllPlaces() {
        var text = [UInt8](repeating: 0x61, count: 64)
        for place in 0..<64 {
            for byte in UInt8.min...UInt8.max {
                text[place] = byte
                #expect(text.withUnsafeBytes { compare($0) }, "\(byte) at \(place)")
                #expect(comparePlain(text, 0..<64), "\(byte) at \(place)")
            }
            text[place] = 0x61
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func anyBytesAtAnyAlignment(seed: UInt64) {
        var numbers = SeededNumbers(seed)
        for round in 0..<40 {
            // Whatever comes, or what is close to the bytes that matter, or those alone.
            let text = (0..<192).map { _ -> UInt8 in
                switch round % 3 {
                case 0: UInt8(Int.random(in: 0..<256, using: &numbers))
                case 1:
                    Int.random(in: 0..<8, using: &numbers) == 0
                        ? Self.edges[Int.random(in: 0..<Self.edges.count, using: &numbers)] : 0x61
                default: Self.edges[Int.random(in: 0..<Self.edges.count, using: &numbers)]
                }
            }
            for start in 0..<128 {
                let isSame = text.withUnsafeBytes { compare(UnsafeRawBufferPointer(rebasing: $0[start..<start + 64])) }
                #expect(isSame, "seed \(seed), round \(round), from \(start)")
                let end = start + Int.random(in: 0..<65, using: &numbers)
                #expect(comparePlain(text, start..<end), "seed \(seed), round \(round), \(start)..<\(end)")
            }
        }
    }
}
