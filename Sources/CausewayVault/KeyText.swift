import CausewayCore

/// How key material is written in files and variables: base64 with padding (RFC 4648 §4), hexadecimal, or as it is.
///
/// Look-ups of digits are by arithmetic, without tables, and every buffer is wiped.
enum KeyText {
    static func write(_ key: Secret) -> Secret {
        var text: [UInt8] = []
        text.reserveCapacity(64)
        defer { wipe(&text) }
        key.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let group = bytes[start..<min(start + 3, bytes.count)]
                var word = UInt32(0)
                for index in 0..<3 { word = word << 8 | UInt32(index < group.count ? group[start + index] : 0) }
                for index in 0..<4 {
                    let sextet = UInt8(truncatingIfNeeded: word >> (18 - 6 * UInt32(index)) & 63)
                    text.append(index <= group.count ? digit(sextet) : UInt8(ascii: "="))
                }
            }
        }
        text.append(UInt8(ascii: "\n"))
        return Secret(text)
    }

    /// Nil when `text` has none of the three forms, or another length than a master key's.
    static func read(_ text: Secret) -> Secret? {
        text.withUnsafeBytes { bytes in
            if bytes.count == MasterKey.byteCount { return Secret(bytes) }
            var line = bytes[...]
            if line.last == UInt8(ascii: "\n") { line = line.dropLast() }
            if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
            return switch line.count {
            case 44: readBase64(line)
            case 64: readHexadecimal(line)
            default: nil
            }
        }
    }

    private static func readBase64(_ line: Slice<UnsafeRawBufferPointer>) -> Secret? {
        guard line.last == UInt8(ascii: "=") else { return nil }
        var key: [UInt8] = []
        key.reserveCapacity(MasterKey.byteCount)
        defer { wipe(&key) }
        var (word, bits) = (UInt32(0), 0)
        for byte in line.dropLast() {
            guard let sextet = sextet(byte) else { return nil }
            word = (word << 6 | UInt32(sextet)) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                key.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        // 43 digits are 258 bits: the last two must be zero, or two texts would mean the same key.
        guard word & 3 == 0 else { return nil }
        return Secret(key)
    }

    private static func readHexadecimal(_ line: Slice<UnsafeRawBufferPointer>) -> Secret? {
        var key: [UInt8] = []
        key.reserveCapacity(MasterKey.byteCount)
        defer { wipe(&key) }
        var index = line.startIndex
        while index < line.endIndex {
            guard let high = nibble(line[index]), let low = nibble(line[index + 1]) else { return nil }
            key.append(high << 4 | low)
            index += 2
        }
        return Secret(key)
    }

    private static func digit(_ sextet: UInt8) -> UInt8 {
        switch sextet {
        case 0..<26: sextet + UInt8(ascii: "A")
        case 26..<52: sextet - 26 + UInt8(ascii: "a")
        case 52..<62: sextet - 52 + UInt8(ascii: "0")
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    private static func sextet(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
