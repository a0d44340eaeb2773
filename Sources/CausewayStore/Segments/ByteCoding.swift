/// Reads little-endian numbers and varints front to back. Never reads beyond its end; used only while the bytes stay.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    private(set) var position: Int
    let end: Int

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(Damage) {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else { throw Damage("a part lies outside") }
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    var remaining: Int { end - position }

    mutating func byte() throws(Damage) -> UInt8 {
        guard position < end else { throw Damage("it is cut short") }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func fixed<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ type: T.Type = T.self
    ) throws(Damage) -> T {
        let range = try take(MemoryLayout<T>.size)
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: T.self))
    }

    /// LEB128, at most 64 bits.
    mutating func varint() throws(Damage) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            guard shift < 63 || next <= 1 else { throw Damage("a number is too long") }
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    /// A varint that counts something of which there are at most `limit`.
    mutating func count(upTo limit: Int) throws(Damage) -> Int {
        let value = try varint()
        guard value <= UInt64(limit) else { throw Damage("a count is out of range") }
        return Int(value)
    }

    /// Skips `count` bytes and says where they lie.
    mutating func take(_ count: Int) throws(Damage) -> Range<Int> {
        guard count >= 0, count <= remaining else { throw Damage("it is cut short") }
        defer { position += count }
        return position..<position + count
    }

    /// The next `count` bytes.
    mutating func part(_ count: Int) throws(Damage) -> UnsafePointer<UInt8> {
        let range = try take(count)
        guard let base = bytes.baseAddress else { throw Damage("it is cut short") }
        return base.assumingMemoryBound(to: UInt8.self) + range.lowerBound
    }

    func expectEnd() throws(Damage) {
        guard position == end else { throw Damage("it has bytes to spare") }
    }
}

extension [UInt8] {
    mutating func appendFixed<T: FixedWidthInteger>(_ number: T) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}

/// Signed as unsigned numbers, small ones small: 0, -1, 1, -2 → 0, 1, 2, 3.
enum ZigZag {
    static func encode(_ number: Int64) -> UInt64 { UInt64(bitPattern: number &<< 1 ^ number >> 63) }
    static func decode(_ number: UInt64) -> Int64 { Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1) }
}
