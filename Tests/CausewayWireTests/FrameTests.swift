import CausewayCore
import CausewayMessages
import CausewayWire
import NIOCore
import Testing

@Suite struct FrameTests {
    private static let frames: [Frame] = [
        .with { $0.body = .hello(.with { $0.agent = "causeway/0.1.0" }) },
        .with {
            $0.body = .request(
                .with {
                    $0.callID = 1
                    $0.method = "/causeway.v1.RunService/GetRun"
                    $0.metadata = [.with { $0.key = "trace-bin" }]
                    $0.timeout = ProtoDuration(.seconds(30))
                    $0.message = Array(repeating: 7, count: 300)
                })
        },
        Frame(),
        .with { $0.body = .response(.with { $0.callID = 1 }) },
        .with { $0.body = .end(End(callID: 1, error: .notFound("connections/crm"))) },
        .with { $0.body = .cancel(.with { $0.callID = 2 }) },
        .with { $0.body = .credit(.with { $0.messages = 16 }) },
        .with { $0.body = .ping(.with { $0.number = .max }) },
        .with { $0.body = .pong(Pong()) },
        .with { $0.body = .goAway(GoAway(lastCallID: 2, error: .cancelled)) },
    ]

    /// Feeds the bytes in pieces; what came out before an error, and the error.
    private func decode(
        _ bytes: [UInt8], pieces: Int, limit: Int = FrameLimits.maximumBytes, ended: Bool = true
    ) -> (frames: [Frame], error: CausewayError?) {
        var frames: [Frame] = []
        let processor = NIOSingleStepByteToMessageProcessor(FrameDecoder(limit: limit))
        do {
            for start in stride(from: 0, to: bytes.count, by: pieces) {
                let piece = bytes[start..<min(start + pieces, bytes.count)]
                try processor.process(buffer: ByteBuffer(bytes: piece)) { frames.append($0) }
            }
            if ended { try processor.finishProcessing(seenEOF: true) { frames.append($0) } }
            return (frames, nil)
        } catch {
            return (frames, CausewayError.wrapping(error))
        }
    }

    private func encode(_ frames: [Frame]) throws -> [UInt8] {
        var buffer = ByteBuffer()
        for frame in frames { try FrameEncoder().encode(data: frame, out: &buffer) }
        return Array(buffer.readableBytesView)
    }

    @Test(arguments: [1, 2, 3, 5, 7, 64, 1000, 1 << 20])
    func framesComeOutHoweverTheBytesArrive(pieces: Int) throws {
        let (frames, error) = decode(try encode(Self.frames), pieces: pieces)
        #expect(frames == Self.frames)
        #expect(error == nil)
    }

    @Test func theHeaderIsThatOfGRPC() throws {
        let bytes = try encode([.with { $0.body = .ping(.with { $0.number = 5 }) }])
        #expect(bytes == [0, 0, 0, 0, 4, 0x3a, 2, 8, 5])
        #expect(try encode([Frame()]) == [0, 0, 0, 0, 0])
    }

    @Test func aCutStreamIsAnErrorAtEveryByte() throws {
        let bytes = try encode([Self.frames[1]])
        for end in 1..<bytes.count {
            let (frames, error) = decode(Array(bytes[..<end]), pieces: 16)
            #expect(frames.isEmpty)
            #expect(error?.reason == "STREAM_CUT")
            #expect(error?.code == .unavailable)
        }
        #expect(decode([], pieces: 1).error == nil)
        #expect(decode(Array(bytes.dropLast()), pieces: 16, ended: false).error == nil)
    }

    @Test(arguments: [1, 5, 9])
    func aLengthOverTheLimitIsRefusedByTheHeaderAlone(pieces: Int) {
        let (_, error) = decode([0, 0, 0, 1, 1], pieces: pieces, limit: 256, ended: false)
        #expect(error?.reason == "FRAME_TOO_LARGE")
        #expect(error?.metadata == ["bytes": "257", "limit": "256"])
        #expect(decode([0, 0, 0, 1, 0], pieces: pieces, limit: 256, ended: false).error == nil)
        #expect(decode([0, 0xff, 0xff, 0xff, 0xff], pieces: pieces, ended: false).error?.code == .resourceExhausted)
    }

    @Test(arguments: [1, 2, 0x80, 0xff] as [UInt8])
    func otherFlagsAreRefusedAtOnce(flag: UInt8) {
        #expect(decode([flag], pieces: 1, ended: false).error?.reason == "FRAME_FLAG_UNKNOWN")
    }

    @Test func bytesThatAreNoFrameEndTheStream() throws {
        let ping = try encode([Self.frames[7]])
        let (frames, error) = decode(ping + [0, 0, 0, 0, 2, 0x0b, 0x0b] + ping, pieces: 1 << 20)
        #expect(frames == [Self.frames[7]])
        #expect(error?.reason == "FRAME_MALFORMED")
    }

    @Test func aBodyThatIsNotKnownComesOutAsNone() throws {
        let (frames, error) = decode([0, 0, 0, 0, 5, 0xd2, 0x3e, 2, 1, 2], pieces: 3)
        #expect(frames == [Frame()])
        #expect(error == nil)
    }

    @Test func theEncoderKeepsToTheLimit() throws {
        var buffer = ByteBuffer(bytes: [9])
        let frame = Frame.with { $0.body = .response(.with { $0.message = Array(repeating: 1, count: 100) }) }
        let size = try frame.encoded().count
        #expect(throws: CausewayError.self) { try FrameEncoder(limit: size - 1).write(frame, to: &buffer) }
        let nul = Frame.with { $0.body = .hello(.with { $0.agent = "\0" }) }
        #expect(throws: CausewayError.self) { try FrameEncoder().write(nul, to: &buffer) }
        #expect(buffer == ByteBuffer(bytes: [9]))
        try FrameEncoder(limit: size).write(frame, to: &buffer)
        #expect(buffer.readableBytes == 1 + FrameHeader.byteCount + size)
    }
}
