import CausewayCore
import CausewayMessages
import CausewayWire
import NIOCore

/// Frames on their way to the peer, encoded straight into the bytes that the socket takes.
struct ResponseBuffer {
    /// The peer's limit, without the header.
    var maxFrameBytes: Int
    private(set) var bytes: ByteBuffer

    /// What a kept buffer may hold on to between bursts.
    private static let keptCapacity = 256 << 10

    init(maxFrameBytes: Int, bytes: ByteBuffer) {
        self.maxFrameBytes = maxFrameBytes
        self.bytes = bytes
    }

    var isEmpty: Bool { bytes.readableBytes == 0 }
    var count: Int { bytes.readableBytes }

    /// Gives all bytes away and goes on with `spare`, which is empty.
    ///
    /// Before they are written and not after: a write may make the channel writable again, which lets the next responses
    /// into the buffer while it is still under way.
    mutating func take(replacingBy spare: ByteBuffer) -> ByteBuffer {
        defer { bytes = spare }
        return bytes
    }

    /// A buffer whose bytes were handed over, to be used again; a large one is not kept between bursts.
    static func emptied(_ written: consuming ByteBuffer) -> ByteBuffer {
        guard written.capacity <= keptCapacity else { return ByteBuffer() }
        written.clear()
        return written
    }

    /// The End of a unary call that succeeded.
    mutating func appendEnd<Answer: ProtobufMessage>(_ id: UInt64, _ answer: Answer) throws(CausewayError) {
        try append(Envelope.end, id, answer)
    }

    /// One response of a stream.
    mutating func appendResponse<Answer: ProtobufMessage>(_ id: UInt64, _ answer: Answer) throws(CausewayError) {
        try append(Envelope.response, id, answer)
    }

    /// A frame of few bytes: anything but an answer.
    mutating func append(_ frame: Frame) throws(CausewayError) {
        try FrameEncoder(limit: maxFrameBytes).write(frame, to: &bytes)
    }

    /// Whole frames that were encoded elsewhere.
    mutating func append(frames: inout ByteBuffer) {
        bytes.writeBuffer(&frames)
    }

    private mutating func append<Answer: ProtobufMessage>(
        _ envelope: Envelope, _ id: UInt64, _ answer: Answer
    ) throws(CausewayError) {
        let limit = maxFrameBytes
        let tooLarge: Int?
        do throws(MessageError) {
            tooLarge = try answer.encode { size, fill in
                let bodySize = envelope.bodySize(id, messageSize: size)
                let frameSize = 1 + Varint.size(UInt64(bodySize)) + bodySize
                guard frameSize <= limit else { return frameSize }
                bytes.reserveCapacity(minimumWritableBytes: FrameHeader.byteCount + frameSize)
                bytes.writeInteger(FrameHeader.flag)
                bytes.writeInteger(UInt32(frameSize))
                envelope.write(id, messageSize: size, bodySize: bodySize, to: &bytes)
                if size > 0 { bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { fill($0) } }
                return nil
            }
        } catch {
            throw .unencodableMessage("\(Answer.self)", error)
        }
        guard let tooLarge else { return }
        throw .frameTooLarge(tooLarge, limit: limit)
    }
}

/// The frames that carry answers, written by hand so that an answer is encoded once and never copied.
///
/// Field numbers are those of frame.proto; a test compares the bytes with the generated encoding.
private struct Envelope {
    /// Tag of the body in Frame.
    let frameTag: UInt8
    /// Tag of the answer in the body.
    let messageTag: UInt8

    static let response = Envelope(frameTag: 3 << 3 | 2, messageTag: 2 << 3 | 2)
    static let end = Envelope(frameTag: 4 << 3 | 2, messageTag: 7 << 3 | 2)
    private static let callIDTag = UInt8(1 << 3)

    func bodySize(_ id: UInt64, messageSize: Int) -> Int {
        let message = messageSize == 0 ? 0 : 1 + Varint.size(UInt64(messageSize)) + messageSize
        return 1 + Varint.size(id) + message
    }

    func write(_ id: UInt64, messageSize: Int, bodySize: Int, to bytes: inout ByteBuffer) {
        bytes.writeInteger(frameTag)
        Varint.write(UInt64(bodySize), to: &bytes)
        bytes.writeInteger(Self.callIDTag)
        Varint.write(id, to: &bytes)
        guard messageSize > 0 else { return }
        bytes.writeInteger(messageTag)
        Varint.write(UInt64(messageSize), to: &bytes)
    }
}

/// Base-128 numbers of the protobuf encoding.
private enum Varint {
    static func size(_ value: UInt64) -> Int { max(1, (64 - value.leadingZeroBitCount + 6) / 7) }

    static func write(_ value: UInt64, to bytes: inout ByteBuffer) {
        var rest = value
        while rest >= 0x80 {
            bytes.writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.writeInteger(UInt8(rest))
    }
}
