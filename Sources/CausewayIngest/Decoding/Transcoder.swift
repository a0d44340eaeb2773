import CausewayCore
import Glibc

/// Turns the bytes of a file into UTF-8, piece by piece, by the system's iconv. Every byte has its place in the text, see
/// ``TextEncoding/contentLength(_:from:to:)``: what iconv refuses is put there in a form that comes back.
struct Transcoder {
    let encoding: TextEncoding
    /// Nil for UTF-8, which is text as it is.
    private let converter: Converter?
    /// The start of a character whose end is still to come; at most 3 bytes.
    private var pending: [UInt8] = []

    /// - Throws: ``CausewayError`` `ENCODING_UNAVAILABLE` (failed precondition) when the system lacks the module.
    init(_ encoding: TextEncoding) throws(CausewayError) {
        self.encoding = encoding
        converter = encoding == .utf8 ? nil : try Converter(encoding)
    }

    /// Appends the text of `bytes` to `text`.
    mutating func decode(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        guard let converter else {
            text.append(contentsOf: bytes)
            return
        }
        var rest = bytes[...]
        while !pending.isEmpty, let byte = rest.popFirst() {
            let character = pending + [byte]
            pending = []
            character.withUnsafeBytes { convert($0, converter, to: &text) }
        }
        convert(UnsafeRawBufferPointer(rebasing: rest), converter, to: &text)
    }

    /// Appends what is left when no bytes follow.
    mutating func finish(to text: inout [UInt8]) {
        var rest = pending[...]
        pending = []
        if rest.count >= 2 { Self.append(surrogate: unit(rest), to: &text) }
        rest = rest.dropFirst(rest.count & ~1)
        if let half = rest.first { text += [TextEncoding.loneByteMark, 0x80 | half >> 4, 0x80 | half & 0x0F] }
    }

    private mutating func convert(
        _ bytes: UnsafeRawBufferPointer, _ converter: Converter, to text: inout [UInt8]
    ) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let (read, end) = converter.convert(UnsafeRawBufferPointer(rebasing: rest), to: &text)
            rest = rest.dropFirst(read)
            switch end {
            case .outOfRoom: break
            case .incomplete:
                pending = Array(rest)
                return
            case .invalid where encoding == .utf16LittleEndian || encoding == .utf16BigEndian:
                Self.append(surrogate: unit(rest), to: &text)
                rest = rest.dropFirst(2)
            case .invalid:
                // A byte without a character: the control of the same number. Source: WHATWG Encoding.
                guard let byte = rest.popFirst() else { return }
                text += [0xC0 | byte >> 6, 0x80 | byte & 0x3F]
            }
        }
    }

    private func unit(_ bytes: some Collection<UInt8>) -> UInt16 {
        let pair = Array(bytes.prefix(2))
        guard pair.count == 2 else { return 0xD800 }
        let (high, low) = encoding == .utf16BigEndian ? (pair[0], pair[1]) : (pair[1], pair[0])
        return UInt16(high) << 8 | UInt16(low)
    }

    /// A lone one, as the three bytes that its number would have.
    private static func append(surrogate: UInt16, to text: inout [UInt8]) {
        text.append(UInt8(truncatingIfNeeded: 0xE0 | surrogate >> 12))
        text.append(UInt8(truncatingIfNeeded: 0x80 | surrogate >> 6 & 0x3F))
        text.append(UInt8(truncatingIfNeeded: 0x80 | surrogate & 0x3F))
    }
}

/// A conversion to UTF-8 of iconv(3). None of the encodings has a state between characters, so copies of a reader may
/// share one; they must not use it at the same time.
private final class Converter: @unchecked Sendable {
    enum End {
        /// The input, or the room for output, is used up.
        case outOfRoom
        /// The input ends within a character.
        case incomplete
        /// What follows is no character.
        case invalid
    }

    private let handle: iconv_t
    private let buffer: UnsafeMutableBufferPointer<CChar>

    init(_ encoding: TextEncoding) throws(CausewayError) {
        let name = encoding == .windows1252 ? "CP1252" : encoding.rawValue.uppercased()
        guard let handle = iconv_open("UTF-8", name), Int(bitPattern: handle) != -1 else {
            throw CausewayError(
                .failedPrecondition, reason: "ENCODING_UNAVAILABLE",
                "The system's iconv does not convert \(name); install the gconv modules of its C library.",
                metadata: ["encoding": encoding.rawValue])
        }
        self.handle = handle
        buffer = .allocate(capacity: 32 << 10)
    }

    deinit {
        iconv_close(handle)
        buffer.deallocate()
    }

    /// Converts as much of `bytes` as is good and there is room for.
    ///
    /// - Returns: how many bytes were read, and why it ended.
    func convert(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) -> (read: Int, end: End) {
        // iconv does not write to its input; its declaration lacks the const.
        var input = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: CChar.self))
        var inputLeft = bytes.count
        var output = buffer.baseAddress
        var outputLeft = buffer.count
        let result = iconv(handle, &input, &inputLeft, &output, &outputLeft)
        let failure = errno
        text.append(contentsOf: UnsafeRawBufferPointer(buffer).dropLast(outputLeft))
        let read = bytes.count - inputLeft
        guard result == -1 else { return (read, .outOfRoom) }
        switch failure {
        case EINVAL: return (read, .incomplete)
        case EILSEQ: return (read, .invalid)
        default: return (read, .outOfRoom)
        }
    }
}
