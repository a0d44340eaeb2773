package import CausewayCore

extension CausewayError {
    /// A frame longer than the receiver takes.
    package static func frameTooLarge(_ bytes: Int, limit: Int) -> CausewayError {
        CausewayError(
            .resourceExhausted, reason: "FRAME_TOO_LARGE",
            "A frame of \(bytes) bytes is more than the \(limit) that are taken; ask for less at a time.",
            metadata: ["bytes": "\(bytes)", "limit": "\(limit)"])
    }

    /// A frame with a flag that this build does not know.
    static func unknownFrameFlag(_ flag: UInt8) -> CausewayError {
        CausewayError(
            .invalidArgument, reason: "FRAME_FLAG_UNKNOWN",
            "A frame has the flag \(flag) where 0 is expected; the peer does not speak this protocol.",
            metadata: ["flag": "\(flag)"])
    }

    /// Bytes that are not a frame, or a text in it that is not one.
    static func malformedFrame(_ cause: any Error) -> CausewayError {
        CausewayError(
            .invalidArgument, reason: "FRAME_MALFORMED",
            "A frame could not be read: \(cause).", cause: cause)
    }

    /// The stream ended inside a frame.
    static func streamCut(missing bytes: Int) -> CausewayError {
        CausewayError(
            .unavailable, reason: "STREAM_CUT",
            "The peer went away in the middle of a frame; \(bytes) bytes or more are missing.",
            metadata: ["missing_bytes": "\(bytes)"])
    }

    /// A message inside a frame that is not one of its kind.
    static func malformedMessage(_ name: String, _ cause: any Error) -> CausewayError {
        CausewayError(
            .invalidArgument, reason: "MESSAGE_MALFORMED",
            "The message \(name) could not be read: \(cause).", metadata: ["message": name], cause: cause)
    }

    /// A message that cannot be sent, for it holds a text with a NUL character.
    package static func unencodableMessage(_ name: String, _ cause: any Error) -> CausewayError {
        CausewayError(
            .internal, reason: "MESSAGE_UNENCODABLE",
            "The message \(name) could not be written: \(cause).", metadata: ["message": name], cause: cause)
    }
}
