/// The five bytes before every frame, as gRPC writes them: a flag byte, then the length as 32 bits, highest byte first.
package enum FrameHeader {
    /// Bytes of the header.
    package static let byteCount = 5
    /// The only flag there is: the frame is not compressed.
    package static let flag: UInt8 = 0
}

/// Sizes that both ends take unless a Hello says otherwise.
package enum FrameLimits {
    /// The longest frame, in bytes, the header not counted.
    package static let maximumBytes = 4 << 20
}
