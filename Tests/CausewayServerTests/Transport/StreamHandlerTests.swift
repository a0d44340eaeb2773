import CausewayCore
import CausewayMessages
@testable import CausewayServer
import CausewayWire
import NIOCore
import NIOEmbedded
import Testing

/// Streams, and peers that do not read, through the handler.
@Suite struct StreamHandlerTests {
    private typealias Runs = RunServiceMethods

    /// A registry whose WatchRun sends runs numbered from 1 on, and says before each write which one comes.
    private static func counting(
        _ count: Int, on place: HandlerPlace, announce: AsyncStream<Int>.Continuation? = nil
    ) -> MethodRegistry {
        var registry = MethodRegistry()
        registry.immediate(AdministrationServiceMethods.getHealth) { _, _ in Health() }
        registry.serverStreaming(Runs.watchRun, on: place) { _, _, writer in
            for number in 1...count {
                announce?.yield(number)
                try await writer.write(.with { $0.name = "\(number)" })
            }
        }
        return registry
    }

    private static func names(_ frames: [Frame]) throws -> [String] {
        try frames.compactMap { try $0.response.map { try Run(decoding: $0.message).name } }
    }

    @Test(arguments: [HandlerPlace.loop, .pool]) func aStreamEndsAfterItsAnswers(_ place: HandlerPlace) async throws {
        let connection = try await ConnectionUnderTest(Self.counting(3, on: place))
        try await connection.greet(credit: 10)
        try await connection.call(1, Runs.watchRun, WatchRunRequest())
        var frames: [Frame] = []
        for _ in 0..<4 { frames.append(try await connection.next()) }
        #expect(try Self.names(frames) == ["1", "2", "3"])
        #expect(frames.last?.end?.code == 0)
        try await connection.close()
    }

    @Test(arguments: [HandlerPlace.loop, .pool]) func credit(_ place: HandlerPlace) async throws {
        let (announced, announcer) = AsyncStream<Int>.makeStream()
        let connection = try await ConnectionUnderTest(Self.counting(5, on: place, announce: announcer))
        try await connection.greet(credit: 2)
        try await connection.call(1, Runs.watchRun, WatchRunRequest())
        // The third is about to be written, and stays so.
        for await number in announced where number == 3 { break }
        #expect(try Self.names([try await connection.next(), try await connection.next()]) == ["1", "2"])
        #expect(try await connection.untilPong().isEmpty)
        try await connection.send(.credit(1, 1))
        for await number in announced where number == 4 { break }
        #expect(try Self.names([try await connection.next()]) == ["3"])
        #expect(try await connection.untilPong().isEmpty)
        try await connection.send(.credit(1, 100))
        var frames: [Frame] = []
        for _ in 0..<3 { frames.append(try await connection.next()) }
        #expect(try Self.names(frames) == ["4", "5"])
        #expect(frames.last?.end?.code == 0)
        try await connection.close()
    }

    @Test(arguments: [HandlerPlace.loop, .pool]) func cancelEndsAWaitingWrite(_ place: HandlerPlace) async throws {
        let (announced, announcer) = AsyncStream<Int>.makeStream()
        let connection = try await ConnectionUnderTest(Self.counting(5, on: place, announce: announcer))
        try await connection.greet(credit: 0)
        try await connection.call(1, Runs.watchRun, WatchRunRequest())
        for await _ in announced { break }
        try await connection.send(.cancel(1))
        #expect(try await connection.next().end?.error?.code == .cancelled)
        try await connection.close()
    }

    @Test func aHandlersOwnCancellationEndsItsWrite() async throws {
        let (announced, announcer) = AsyncStream<Void>.makeStream()
        let (refused, refuser) = AsyncStream<Void>.makeStream()
        var registry = MethodRegistry()
        registry.serverStreaming(Runs.watchRun) { _, _, writer in
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    announcer.yield()
                    let error = await #expect(throws: CausewayError.self) { try await writer.write(Run()) }
                    #expect(error?.code == .cancelled)
                }
                for await _ in announced { break }
                group.cancelAll()
            }
            refuser.yield()
            try await writer.write(.with { $0.name = "after" })
        }
        let connection = try await ConnectionUnderTest(registry)
        try await connection.greet(credit: 0)
        try await connection.call(1, Runs.watchRun, WatchRunRequest())
        for await _ in refused { break }
        try await connection.send(.credit(1, 1))
        #expect(try Self.names([try await connection.next()]) == ["after"])
        #expect(try await connection.next().end?.code == 0)
        try await connection.close()
    }

    // MARK: Peers that do not read

    @Test func requestsWaitWhileAnswersAreUnread() async throws {
        let connection = try await ConnectionUnderTest(Self.counting(1, on: .loop))
        try await connection.greet()
        try await connection.setWritable(false)
        try await connection.send(.call(1), .call(2))
        #expect(try await connection.channel.readOutbound(as: ByteBuffer.self) == nil)
        try await connection.setWritable(true)
        #expect(try await connection.next().end?.callID == 1)
        #expect(try await connection.next().end?.callID == 2)
        try await connection.close()
    }

    @Test func streamsWaitWhileAnswersAreUnread() async throws {
        let connection = try await ConnectionUnderTest(Self.counting(2, on: .loop))
        try await connection.greet(credit: 1)
        try await connection.call(1, Runs.watchRun, WatchRunRequest())
        #expect(try Self.names([try await connection.next()]) == ["1"])
        try await connection.setWritable(false)
        try await connection.send(.credit(1, 1))
        #expect(try await connection.channel.readOutbound(as: ByteBuffer.self) == nil)
        try await connection.setWritable(true)
        #expect(try Self.names([try await connection.next()]) == ["2"])
        #expect(try await connection.next().end?.code == 0)
        try await connection.close()
    }

    @Test func whoNeverReadsIsCutOff() async throws {
        let connection = try await ConnectionUnderTest(Self.counting(2, on: .pool))
        try await connection.greet(credit: 0)
        try await connection.call(1, Runs.watchRun, WatchRunRequest())
        try await connection.setWritable(false)
        await connection.advance(by: .seconds(30))
        try await connection.ended.get()
    }
}
