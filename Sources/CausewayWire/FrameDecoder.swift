import CausewayCore
package import CausewayMessages
package import NIOCore

/// Cuts a stream of bytes into frames and reads them.
///
/// A length over the limit is an error as soon as the header is there, before any of the frame is waited for. Frames
/// whose body this build does not know come out without a body, for the receiver to ignore. Every error ends the
/// stream: what follows a frame that could not be read cannot be trusted.
package struct FrameDecoder: NIOSingleStepByteToMessageDecoder {
    package typealias InboundOut = Frame

    private let limit: Int

    /// Takes frames of at most `limit` bytes.
    package init(limit: Int = FrameLimits.maximumBytes) {
        self.limit = limit
    }

    package mutating func decode(buffer: inout ByteBuffer) throws -> Frame? {
        guard let length = try frameLength(buffer) else { return nil }
        guard buffer.readableBytes >= FrameHeader.byteCount + length else { return nil }
        buffer.moveReaderIndex(forwardBy: FrameHeader.byteCount)
        defer { buffer.moveReaderIndex(forwardBy: length) }
        do {
            return try buffer.withUnsafeReadableBytes { bytes in
                try Frame(decoding: UnsafeRawBufferPointer(rebasing: bytes.prefix(length)))
            }
        } catch {
            throw CausewayError.malformedFrame(error)
        }
    }

    package mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws -> Frame? {
        if let frame = try decode(buffer: &buffer) { return frame }
        guard buffer.readableBytes > 0 else { return nil }
        let length = try frameLength(buffer) ?? 0
        throw CausewayError.streamCut(missing: FrameHeader.byteCount + length - buffer.readableBytes)
    }

    /// The length that the header states, nil while the header is not whole.
    private func frameLength(_ buffer: ByteBuffer) throws(CausewayError) -> Int? {
        guard let flag = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return nil }
        guard flag == FrameHeader.flag else { throw .unknownFrameFlag(flag) }
        guard let length = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt32.self) else { return nil }
        guard length <= limit else { throw .frameTooLarge(Int(length), limit: limit) }
        return Int(length)
    }
}
