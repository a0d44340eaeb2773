import CausewayCore
import CausewayMessages
@testable import CausewayServer
import CausewayWire
import NIOCore
import Testing

/// Bytes: answers written by hand, broken frames, frames in pieces.
@Suite struct FramingTests {
    private static var registry: MethodRegistry {
        var registry = MethodRegistry()
        registry.immediate(AdministrationServiceMethods.getHealth) { _, _ in .with { $0.status = .serving } }
        return registry
    }

    // MARK: Answers

    @Test(arguments: [0, 1, 127, 128, 300, 1 << 14, 1 << 32, UInt64.max], [0, 1, 120, 127, 128, 20_000])
    func answersAreEncodedAsTheGeneratedCodeDoes(_ id: UInt64, _ size: Int) throws {
        let answer = Version.with { $0.version = String(repeating: "v", count: size) }
        let message = try answer.encoded()
        var expected = ByteBuffer()
        try FrameEncoder(limit: .max).write(Frame(.end(End(callID: id, response: message))), to: &expected)
        try FrameEncoder(limit: .max).write(
            Frame(
                .response(
                    .with {
                        $0.callID = id
                        $0.message = message
                    })), to: &expected)
        var buffer = ResponseBuffer(maxFrameBytes: .max, bytes: ByteBuffer())
        try buffer.appendEnd(id, answer)
        try buffer.appendResponse(id, answer)
        // A zero is left out by the one and written by the other; both mean the same.
        if id == 0 {
            var decoder = FrameDecoder()
            var bytes = buffer.bytes
            #expect(try decoder.decode(buffer: &bytes)?.end?.response == message)
            #expect(try decoder.decode(buffer: &bytes)?.response?.message == message)
        } else {
            #expect(buffer.bytes == expected)
        }
    }

    @Test func aTooLargeAnswerLeavesTheBufferAsItWas() throws {
        var buffer = ResponseBuffer(maxFrameBytes: 100, bytes: ByteBuffer())
        try buffer.appendEnd(1, Version.with { $0.version = "1" })
        let before = buffer.bytes
        let error = #expect(throws: CausewayError.self) {
            try buffer.appendEnd(2, Version.with { $0.version = String(repeating: "v", count: 100) })
        }
        #expect(error?.code == .resourceExhausted)
        #expect(buffer.bytes == before)
        #expect(throws: CausewayError.self) { try buffer.appendEnd(3, Version.with { $0.version = "a\0b" }) }
        #expect(buffer.bytes == before)
    }

    // MARK: Input

    @Test func framesMayComeByteByByte() async throws {
        let connection = try await ConnectionUnderTest(Self.registry)
        #expect(try await connection.next().hello != nil)
        var bytes = ByteBuffer()
        for frame in [.hello(credit: 1), .call(1), .ping(3), .call(2)] as [Frame] {
            try FrameEncoder().write(frame, to: &bytes)
        }
        while let byte = bytes.readSlice(length: 1) { try await connection.send(byte) }
        #expect(try await connection.next().end?.callID == 1)
        guard case .pong = try await connection.next().body else { return #expect(Bool(false), "no Pong") }
        #expect(try await connection.next().end?.callID == 2)
        try await connection.close()
    }

    @Test func aFrameOverTheLimitIsRefusedByItsHeader() async throws {
        let connection = try await ConnectionUnderTest(Self.registry)
        try await connection.greet()
        try await connection.send(ByteBuffer(bytes: [0, 0, 0x40, 0, 1]))
        let goAway = try #require(try await connection.next().goAway)
        #expect(goAway.code == StatusCode.resourceExhausted.rawValue)
        try await connection.close()
    }

    @Test(
        arguments: [
            Array("GET / HTTP/1.1\r\n\r\n".utf8), [1, 0, 0, 0, 0], [0, 0, 0, 0, 2, 0xFF, 0xFF], [0, 0, 0, 0, 1, 0x0A],
        ] as [[UInt8]])
    func garbageEndsTheConnection(_ bytes: [UInt8]) async throws {
        let connection = try await ConnectionUnderTest(Self.registry)
        try await connection.greet()
        try await connection.send(ByteBuffer(bytes: bytes))
        #expect(try await connection.next().goAway?.code == StatusCode.invalidArgument.rawValue)
        try await connection.send(.call(1))
        try await connection.close()
    }

    @Test func halfAFrameRunsOut() async throws {
        let connection = try await ConnectionUnderTest(Self.registry)
        try await connection.greet()
        try await connection.send(ByteBuffer(bytes: [0, 0, 0, 0, 50, 1, 2, 3]))
        await connection.advance(by: .seconds(30))
        #expect(try await connection.next().goAway != nil)
        try await connection.close()
    }

    @Test func unknownFramesAndFieldsOfANewerPeerAreIgnored() async throws {
        let connection = try await ConnectionUnderTest(Self.registry)
        try await connection.greet()
        // Field 100 as the body; an empty frame.
        try await connection.send(ByteBuffer(bytes: [0, 0, 0, 0, 5, 0xA2, 0x06, 2, 8, 1, 0, 0, 0, 0, 0]))
        // A request with a field 99, inside a frame with a field 101.
        var request = try Request.with {
            $0.callID = 1
            $0.method = AdministrationServiceMethods.getHealth.path
        }.encoded()
        request += [0x98, 0x06, 5]
        let frame = [0x12, UInt8(request.count)] + request + [0xA8, 0x06, 1]
        try await connection.send(ByteBuffer(bytes: [0, 0, 0, 0, UInt8(frame.count)] + frame))
        #expect(try await connection.next().end?.code == 0)
        try await connection.close()
    }
}
