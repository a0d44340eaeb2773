/// Finds the bytes that matter to a reader of delimited text, 64 at a time, without a branch a byte.
struct ByteMasks {
    private static let low: UInt64 = 0x0101_0101_0101_0101
    private static let high: UInt64 = 0x8080_8080_8080_8080

    private let delimiter: UInt64
    private let quote: UInt64

    init(_ dialect: Dialect) {
        delimiter = Self.low &* UInt64(dialect.delimiter)
        // Without a quote the delimiter is looked for twice, which finds nothing more.
        quote = Self.low &* UInt64(dialect.quote ?? dialect.delimiter)
    }

    /// Where delimiters, quotes and control characters up to 0x0D (NUL, line ends) are among the 64 bytes at `bytes`,
    /// the first being the lowest bit; and whether any of them is not ASCII.
    @inline(__always)
    func find(_ bytes: UnsafeRawPointer) -> (found: UInt64, nonASCII: Bool) {
        var found: UInt64 = 0
        var seen: UInt64 = 0
        for word in 0..<8 {
            let x = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: word &* 8, as: UInt64.self))
            seen |= x
            let controls = ~((x | Self.high) &- Self.low &* 0x0E) & ~x
            let hits = (controls | Self.zeros(x ^ delimiter) | Self.zeros(x ^ quote)) & Self.high
            // Gathers the top bits of the eight bytes in one.
            let gathered = ((hits &>> 7) &* 0x0102_0408_1020_4080) &>> 56
            found |= gathered &<< UInt64(truncatingIfNeeded: word &* 8)
        }
        return (found, seen & Self.high != 0)
    }

    /// The same where only the first `available` bytes may be looked at.
    @inline(__always)
    func find(_ bytes: UnsafeRawPointer, available: Int) -> (found: UInt64, nonASCII: Bool) {
        available >= 64 ? find(bytes) : findInTail(bytes, available)
    }

    @inline(never)
    private func findInTail(_ bytes: UnsafeRawPointer, _ count: Int) -> (found: UInt64, nonASCII: Bool) {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { padded in
            padded.initializeMemory(as: UInt8.self, repeating: 0)
            padded.copyMemory(from: UnsafeRawBufferPointer(start: bytes, count: count))
            guard let start = padded.baseAddress else { return (0, false) }
            let (found, nonASCII) = find(UnsafeRawPointer(start))
            return (found & ((1 &<< UInt64(truncatingIfNeeded: count)) &- 1), nonASCII)
        }
    }

    /// The top bit of every byte that is 0; the other bits mean nothing.
    @inline(__always)
    private static func zeros(_ x: UInt64) -> UInt64 {
        ~(((x & ~high) &+ ~high) | x)
    }
}
