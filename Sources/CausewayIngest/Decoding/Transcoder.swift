/// Turns the bytes of a file into UTF-8, piece by piece. Every byte has its place in the text, see
/// ``TextEncoding/contentLength(_:from:to:)``.
struct Transcoder {
    let encoding: TextEncoding
    /// The first byte of a unit whose second is still to come.
    private var half: UInt8?
    /// The first of two surrogates.
    private var highSurrogate: UInt16?

    init(_ encoding: TextEncoding) {
        self.encoding = encoding
    }

    /// Appends the text of `bytes` to `text`. Not for UTF-8, which is text as it is.
    mutating func decode(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        switch encoding {
        case .utf8: text.append(contentsOf: bytes)
        case .latin1:
            for byte in bytes { Self.append(UInt32(byte), to: &text) }
        case .windows1252:
            for byte in bytes { Self.append(Windows1252.scalar(byte), to: &text) }
        case .utf16LittleEndian, .utf16BigEndian:
            for byte in bytes {
                guard let first = half else {
                    half = byte
                    continue
                }
                half = nil
                let (high, low) = encoding == .utf16BigEndian ? (first, byte) : (byte, first)
                decode(unit: UInt16(high) << 8 | UInt16(low), to: &text)
            }
        }
    }

    /// Appends what is left when no bytes follow.
    mutating func finish(to text: inout [UInt8]) {
        if let high = highSurrogate { Self.append(UInt32(high), to: &text) }
        if let half { text += [TextEncoding.loneByteMark, 0x80 | half >> 4, 0x80 | half & 0x0F] }
        highSurrogate = nil
        half = nil
    }

    private mutating func decode(unit: UInt16, to text: inout [UInt8]) {
        if let high = highSurrogate {
            highSurrogate = nil
            if (0xDC00...0xDFFF).contains(unit) {
                Self.append(0x1_0000 + (UInt32(high) - 0xD800) << 10 + (UInt32(unit) - 0xDC00), to: &text)
                return
            }
            Self.append(UInt32(high), to: &text)
        }
        if (0xD800...0xDBFF).contains(unit) {
            highSurrogate = unit
        } else {
            Self.append(UInt32(unit), to: &text)
        }
    }

    @inline(__always)
    private static func append(_ scalar: UInt32, to text: inout [UInt8]) {
        if scalar < 0x80 {
            text.append(UInt8(truncatingIfNeeded: scalar))
            return
        }
        if scalar < 0x800 {
            text.append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
        } else {
            if scalar < 0x1_0000 {
                text.append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
            } else {
                text.append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
                text.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F))
            }
            text.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
        }
        text.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
    }
}
