package import CausewayCore
package import CausewayMessages
package import NIOCore

/// Writes frames as bytes.
package struct FrameEncoder: MessageToByteEncoder {
    package typealias OutboundIn = Frame

    private let limit: Int

    /// Refuses frames over `limit` bytes: what the peer takes, as its Hello says.
    package init(limit: Int = FrameLimits.maximumBytes) {
        self.limit = limit
    }

    /// Appends the frame to `out`; on an error `out` is as it was.
    package func encode(data: Frame, out: inout ByteBuffer) throws {
        try write(data, to: &out)
    }

    /// Appends the frame to `out`; on an error `out` is as it was.
    ///
    /// Fails with FRAME_TOO_LARGE, and with MESSAGE_UNENCODABLE for a text with a NUL character.
    package func write(_ frame: Frame, to out: inout ByteBuffer) throws(CausewayError) {
        let tooLarge: Int?
        do throws(MessageError) {
            tooLarge = try frame.encode { size, fill in
                guard size <= limit, let length = UInt32(exactly: size) else { return size }
                out.reserveCapacity(minimumWritableBytes: FrameHeader.byteCount + size)
                out.writeInteger(FrameHeader.flag)
                out.writeInteger(length)
                out.writeWithUnsafeMutableBytes(minimumWritableBytes: size, fill)
                return nil
            }
        } catch {
            throw .unencodableMessage("Frame", error)
        }
        if let tooLarge { throw .frameTooLarge(tooLarge, limit: limit) }
    }
}
