/// Tells well-formed UTF-8 from anything else.
enum UTF8Check {
    /// Where the first byte lies that is not part of a well-formed sequence, nil when there is none.
    ///
    /// Surrogates, overlong forms and numbers beyond U+10FFFF are not well-formed. Source: Unicode 15, table 3-7.
    static func firstInvalid(_ bytes: UnsafeRawPointer, from start: Int, to end: Int) -> Int? {
        var at = start
        while at < end {
            while at &+ 8 <= end {
                let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                guard word & 0x8080_8080_8080_8080 == 0 else { break }
                at &+= 8
            }
            while at < end, byte(bytes, at) < 0x80 { at &+= 1 }
            guard at < end else { return nil }
            let length = sequenceLength(bytes, at, end)
            guard length > 0 else { return at }
            at &+= length
        }
        return nil
    }

    /// Bytes of the well-formed sequence at `at`, 0 when there is none.
    @inline(__always)
    private static func sequenceLength(_ bytes: UnsafeRawPointer, _ at: Int, _ end: Int) -> Int {
        let lead = byte(bytes, at)
        switch lead {
        case 0xC2...0xDF:
            return continues(bytes, at, 1, end, 0x80...0xBF) ? 2 : 0
        case 0xE0...0xEF:
            let second: ClosedRange<UInt8> = lead == 0xE0 ? 0xA0...0xBF : lead == 0xED ? 0x80...0x9F : 0x80...0xBF
            return continues(bytes, at, 1, end, second) && continues(bytes, at, 2, end, 0x80...0xBF) ? 3 : 0
        case 0xF0...0xF4:
            let second: ClosedRange<UInt8> = lead == 0xF0 ? 0x90...0xBF : lead == 0xF4 ? 0x80...0x8F : 0x80...0xBF
            guard continues(bytes, at, 1, end, second), continues(bytes, at, 2, end, 0x80...0xBF) else { return 0 }
            return continues(bytes, at, 3, end, 0x80...0xBF) ? 4 : 0
        default:
            return 0
        }
    }

    @inline(__always)
    private static func continues(
        _ bytes: UnsafeRawPointer, _ at: Int, _ offset: Int, _ end: Int, _ allowed: ClosedRange<UInt8>
    ) -> Bool {
        at &+ offset < end && allowed.contains(byte(bytes, at &+ offset))
    }

    @inline(__always)
    private static func byte(_ bytes: UnsafeRawPointer, _ at: Int) -> UInt8 {
        bytes.load(fromByteOffset: at, as: UInt8.self)
    }
}
