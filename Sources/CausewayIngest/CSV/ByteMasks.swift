import CScan

/// Finds the bytes that matter to a reader of delimited text, 64 at a time.
struct ByteMasks {
    private let delimiter: UInt8
    private let quote: UInt8
    private let escape: UInt8

    init(_ dialect: Dialect) {
        delimiter = dialect.delimiter
        // Where there is none, NUL, which is found anyway.
        quote = dialect.quote ?? 0
        escape = dialect.escape ?? quote
    }

    /// Where delimiters, quotes, escapes and control characters up to 0x0D (NUL, line ends) are among the 64 bytes at
    /// `bytes`, and where bytes that are not ASCII, the first being the lowest bit.
    ///
    /// - Parameter available: only so many bytes may be looked at.
    @inline(__always)
    func find(_ bytes: UnsafeRawPointer, available: Int) -> (found: UInt64, nonASCII: UInt64) {
        guard available >= 64 else { return findInTail(bytes, available) }
        let block = cscan_find(bytes, delimiter, quote, escape)
        return (block.found, block.non_ascii)
    }

    @inline(never)
    private func findInTail(_ bytes: UnsafeRawPointer, _ count: Int) -> (found: UInt64, nonASCII: UInt64) {
        withUnsafeTemporaryAllocation(byteCount: 64, alignment: 16) { padded in
            padded.initializeMemory(as: UInt8.self, repeating: 0)
            padded.copyMemory(from: UnsafeRawBufferPointer(start: bytes, count: count))
            guard let start = padded.baseAddress else { return (0, 0) }
            let block = cscan_find(start, delimiter, quote, escape)
            let known: UInt64 = (1 &<< UInt64(truncatingIfNeeded: count)) &- 1
            return (block.found & known, block.non_ascii & known)
        }
    }
}
