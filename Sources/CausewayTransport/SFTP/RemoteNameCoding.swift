/// File names of a server, which are bytes, as text and back without loss.
///
/// Names that are UTF-8 are their text. Each byte of a part that is not becomes one character of a private use area,
/// U+10FE80 to U+10FEFF for the bytes 80 to FF; where a name holds such a character itself, its bytes are taken one
/// by one as well.
enum RemoteNameCoding {
    private static let base: UInt32 = 0x10_FE00
    private static let escapes: ClosedRange<UInt32> = 0x10_FE80...0x10_FEFF

    static func text(_ bytes: some Collection<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        var decoder = Unicode.UTF8.ForwardParser()
        var rest = ArraySlice(bytes)
        while !rest.isEmpty {
            var iterator = rest.makeIterator()
            switch decoder.parseScalar(from: &iterator) {
            case .valid(let encoded) where !escapes.contains(Unicode.UTF8.decode(encoded).value):
                text.append(Unicode.UTF8.decode(encoded))
                rest = rest.dropFirst(encoded.count)
            case .valid(let encoded):
                for byte in rest.prefix(encoded.count) { text.append(escape(byte)) }
                rest = rest.dropFirst(encoded.count)
            case .error(let length):
                for byte in rest.prefix(max(1, length)) { text.append(escape(byte)) }
                rest = rest.dropFirst(max(1, length))
            case .emptyInput:
                rest = []
            }
            decoder = Unicode.UTF8.ForwardParser()
        }
        return String(text)
    }

    static func bytes(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            if escapes.contains(scalar.value) {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value - base))
            } else {
                bytes.append(contentsOf: Unicode.UTF8.encode(scalar) ?? Unicode.UTF8.encodedReplacementCharacter)
            }
        }
        return bytes
    }

    private static func escape(_ byte: UInt8) -> Unicode.Scalar {
        Unicode.Scalar(base + UInt32(byte)) ?? Unicode.Scalar(byte)
    }
}
