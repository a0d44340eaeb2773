/// UTF-8 text as bytes of a file. A lone surrogate of UTF-16 stands in the text as the three bytes that its number would
/// have, the last byte of an odd number of them as ``TextEncoding/loneByteMark`` and two bytes; neither is valid UTF-8,
/// so their rows are rejected, and nothing is lost.
extension TextEncoding {
    /// Begins three bytes that stand for one byte that is half a UTF-16 unit.
    static let loneByteMark: UInt8 = 0xFF

    /// How many bytes of the file the text `from..<to` comes from.
    @inline(__always)
    func contentLength(_ text: UnsafeRawPointer, from: Int, to: Int) -> Int {
        self == .utf8 ? to &- from : transcodedLength(text, from, to)
    }

    @inline(never)
    private func transcodedLength(_ text: UnsafeRawPointer, _ from: Int, _ to: Int) -> Int {
        var units = 0
        var pairs = 0
        var loneBytes = 0
        for at in from..<to {
            let byte = text.load(fromByteOffset: at, as: UInt8.self)
            if byte & 0xC0 != 0x80 { units &+= 1 }
            if byte >= 0xF0 {
                if byte == Self.loneByteMark { loneBytes &+= 1 } else { pairs &+= 1 }
            }
        }
        switch self {
        case .utf8: return to &- from
        case .latin1, .windows1252: return units
        case .utf16LittleEndian, .utf16BigEndian: return (units &- loneBytes &+ pairs) &* 2 &+ loneBytes
        }
    }

    /// The bytes of the file that a piece of text comes from; a last character that was cut off is left out.
    func encode(_ text: [UInt8]) -> [UInt8] {
        guard self != .utf8 else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var at = 0
        while at < text.count {
            let lead = text[at]
            if lead == Self.loneByteMark {
                guard at + 2 < text.count else { break }
                bytes.append(text[at + 1] << 4 | text[at + 2] & 0x0F)
                at += 3
                continue
            }
            let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
            guard at + length <= text.count else { break }
            var scalar = length == 1 ? UInt32(lead) : UInt32(lead & (0x7F >> UInt8(length)))
            for byte in text[at + 1..<at + length] { scalar = scalar << 6 | UInt32(byte & 0x3F) }
            append(scalar, to: &bytes)
            at += length
        }
        return bytes
    }

    private func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
        switch self {
        case .utf8: break
        case .latin1: bytes.append(UInt8(truncatingIfNeeded: scalar))
        case .windows1252: bytes.append(Windows1252.byte(scalar))
        case .utf16LittleEndian, .utf16BigEndian:
            if scalar > 0xFFFF {
                append(unit: UInt16(truncatingIfNeeded: 0xD7C0 &+ scalar >> 10), to: &bytes)
                append(unit: UInt16(truncatingIfNeeded: 0xDC00 | scalar & 0x3FF), to: &bytes)
            } else {
                append(unit: UInt16(truncatingIfNeeded: scalar), to: &bytes)
            }
        }
    }

    private func append(unit: UInt16, to bytes: inout [UInt8]) {
        let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
        if self == .utf16LittleEndian { bytes += [low, high] } else { bytes += [high, low] }
    }
}

/// The way back from the text of Windows-1252 to its bytes.
enum Windows1252 {
    /// The characters of the bytes from 0x80 on, as ``Transcoder`` gives them.
    private static let upper: [UInt32] = {
        var text: [UInt8] = []
        var transcoder = try? Transcoder(.windows1252)
        Array(UInt8(0x80)...UInt8.max).withUnsafeBytes { transcoder?.decode($0, to: &text) }
        return String(decoding: text, as: UTF8.self).unicodeScalars.map(\.value)
    }()

    /// The byte of a character.
    static func byte(_ scalar: UInt32) -> UInt8 {
        if scalar < 0x80 { return UInt8(scalar) }
        return upper.firstIndex(of: scalar).map { UInt8($0 + 0x80) } ?? UInt8(truncatingIfNeeded: scalar)
    }
}
