/// Tells of most keys that are not in a run that they are not: 12 bits a key, all seven bits of one in the same 64 bytes.
///
///     u8 format (1), 39 bytes 0, u64 XXH64 of the lines, then lines of 64 bytes
///
/// With LMDB's own 16 bytes in front of it a line is a line of the processor's cache.
enum KeyFilter {
    static let headerSize = 48
    private static let lineSize = 64
    private static let bitsPerKey = 12
    private static let version: UInt8 = 1

    static func make(_ hashes: some Collection<UInt64>) -> [UInt8] {
        let lines = max(1, (hashes.count * bitsPerKey + 511) / 512)
        let size = headerSize + lines * lineSize
        return [UInt8](unsafeUninitializedCapacity: size) { bytes, count in
            bytes.initialize(repeating: 0)
            bytes[0] = version
            for hash in hashes {
                let line = headerSize &+ lineSize &* Self.line(hash, lines)
                var bits = spread(hash)
                for _ in 0..<7 {
                    let bit = Int(truncatingIfNeeded: bits & 511)
                    bytes[line &+ bit &>> 3] |= 1 &<< UInt8(truncatingIfNeeded: bit & 7)
                    bits &>>= 9
                }
            }
            let sum = checksum(UnsafeRawBufferPointer(bytes))
            UnsafeMutableRawBufferPointer(bytes).storeBytes(of: sum.littleEndian, toByteOffset: 40, as: UInt64.self)
            count = size
        }
    }

    /// A filter as it lies in the store.
    struct View {
        private let bytes: UnsafeRawBufferPointer
        private let lines: Int

        /// - Parameter tests: how many keys will be tested. When they will read much of the filter anyway, all of it is
        ///   checked first.
        init(_ bytes: UnsafeRawBufferPointer, tests: Int) throws(Damage) {
            let size = bytes.count &- headerSize
            guard size >= lineSize, size % lineSize == 0, bytes[0] == version else {
                throw Damage("it is no filter")
            }
            self.bytes = bytes
            lines = size / lineSize
            guard tests >= lines / 4 else { return }
            let stored = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 40, as: UInt64.self))
            guard stored == checksum(bytes) else { throw Damage("its checksum is wrong") }
        }

        /// False: the run has no such key.
        @inline(__always)
        func mayHave(_ hash: UInt64) -> Bool {
            let line = headerSize &+ lineSize &* KeyFilter.line(hash, lines)
            var bits = spread(hash)
            for _ in 0..<7 {
                let bit = Int(truncatingIfNeeded: bits & 511)
                guard bytes[line &+ bit &>> 3] &>> UInt8(truncatingIfNeeded: bit & 7) & 1 != 0 else { return false }
                bits &>>= 9
            }
            return true
        }
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        Checksum.xxh64(UnsafeRawBufferPointer(rebasing: bytes[headerSize...]))
    }

    @inline(__always)
    private static func line(_ hash: UInt64, _ lines: Int) -> Int {
        Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(truncatingIfNeeded: lines)).high)
    }

    @inline(__always)
    private static func spread(_ hash: UInt64) -> UInt64 { hash &* 0x9E37_79B9_7F4A_7C15 }
}
