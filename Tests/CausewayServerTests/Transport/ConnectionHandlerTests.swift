import CausewayCore
import CausewayMessages
@testable import CausewayServer
import CausewayWire
import NIOCore
import Testing

/// Calls through the handler, without a socket and in virtual time.
@Suite struct ConnectionHandlerTests {
    private typealias Administration = AdministrationServiceMethods
    private typealias Connections = ConnectionServiceMethods

    private static func named(_ name: String) -> GetConnectionRequest { .with { $0.name = name } }

    private static var healthy: MethodRegistry {
        var registry = MethodRegistry()
        registry.immediate(Administration.getHealth) { _, _ in .with { $0.status = .serving } }
        return registry
    }

    // MARK: Forms

    @Test func immediateMethodAnswers() async throws {
        let connection = try await ConnectionUnderTest(Self.healthy)
        try await connection.greet()
        try await connection.call(1, Administration.getHealth, GetHealthRequest())
        let end = try #require(try await connection.next().end)
        #expect(end.callID == 1)
        #expect(end.error == nil)
        #expect(try Health(decoding: end.response).status == .serving)
        try await connection.close()
    }

    @Test(arguments: [HandlerPlace.loop, .pool]) func unaryMethodAnswers(_ place: HandlerPlace) async throws {
        var registry = MethodRegistry()
        registry.unary(Connections.getConnection, on: place) { request, context in
            #expect(context.role == .admin)
            #expect(context.timeout == .seconds(3))
            return .with { $0.name = request.name }
        }
        let connection = try await ConnectionUnderTest(registry)
        try await connection.greet()
        try await connection.call(1, Connections.getConnection, Self.named("connections/a"), timeout: .seconds(3))
        let end = try #require(try await connection.next().end)
        #expect(try Connection(decoding: end.response).name == "connections/a")
        try await connection.close()
    }

    @Test(arguments: [HandlerPlace.loop, .pool]) func errorsOfHandlersTravel(_ place: HandlerPlace) async throws {
        var registry = MethodRegistry()
        registry.unary(Connections.getConnection, on: place) { request, _ in throw CausewayError.notFound(request.name)
        }
        let connection = try await ConnectionUnderTest(registry)
        try await connection.greet()
        try await connection.call(1, Connections.getConnection, Self.named("connections/a"))
        let error = try #require(try await connection.next().end?.error)
        #expect(error.code == .notFound)
        #expect(error.metadata == ["resource": "connections/a"])
        try await connection.close()
    }

    @Test func emptyAnswersAreAnswers() async throws {
        var registry = MethodRegistry()
        registry.immediate(Administration.getHealth) { _, _ in Health() }
        let connection = try await ConnectionUnderTest(registry)
        try await connection.greet()
        try await connection.call(1, Administration.getHealth, GetHealthRequest())
        let end = try #require(try await connection.next().end)
        #expect(end.callID == 1)
        #expect(end.code == 0)
        #expect(end.response.isEmpty)
        try await connection.close()
    }

    @Test func answersComeInTheOrderInWhichTheyAreReady() async throws {
        let (gate, opener) = AsyncStream<Void>.makeStream()
        var registry = MethodRegistry()
        registry.unary(Connections.getConnection) { request, _ in
            if request.name == "slow" { for await _ in gate { break } }
            return .with { $0.name = request.name }
        }
        let connection = try await ConnectionUnderTest(registry)
        try await connection.greet()
        try await connection.call(1, Connections.getConnection, Self.named("slow"))
        try await connection.call(2, Connections.getConnection, Self.named("fast"))
        #expect(try await connection.next().end?.callID == 2)
        opener.yield()
        #expect(try await connection.next().end?.callID == 1)
        try await connection.close()
    }

    // MARK: Refusals

    @Test func unknownMethodsAreUnimplemented() async throws {
        let connection = try await ConnectionUnderTest(MethodRegistry())
        try await connection.greet()
        try await connection.send(.call(1, "/causeway.v9.Newer/Method"))
        let error = try #require(try await connection.next().end?.error)
        #expect(error.code == .unimplemented)
        #expect(error.message.contains("/causeway.v9.Newer/Method"))
        try await connection.close()
    }

    @Test func rolesAreCheckedBeforeTheMessageIsRead() async throws {
        var registry = MethodRegistry()
        registry.unary(RunServiceMethods.startFetch) { _, _ in
            Issue.record("a viewer started a fetch")
            return Run()
        }
        let connection = try await ConnectionUnderTest(registry, role: .viewer)
        try await connection.greet()
        try await connection.send(
            Frame(
                .request(
                    .with {
                        $0.callID = 1
                        $0.method = RunServiceMethods.startFetch.path
                        $0.message = [0xFF]
                    })))
        let error = try #require(try await connection.next().end?.error)
        #expect(error.code == .permissionDenied)
        #expect(error.message.contains("OPERATOR"))
        try await connection.close()
    }

    @Test func strangersAreSentAwayUnheard() async throws {
        let connection = try await ConnectionUnderTest(Self.healthy, role: nil)
        #expect(try await connection.next().hello != nil)
        #expect(try await connection.next().goAway?.code == StatusCode.permissionDenied.rawValue)
        try await connection.close()
    }

    @Test func malformedMessagesAreTheCallersFault() async throws {
        var registry = Self.healthy
        registry.unary(Connections.getConnection) { _, _ in Connection() }
        let connection = try await ConnectionUnderTest(registry)
        try await connection.greet()
        try await connection.send(
            Frame(
                .request(
                    .with {
                        $0.callID = 1
                        $0.method = Connections.getConnection.path
                        $0.message = [0x0A, 0x7F]
                    })))
        #expect(try await connection.next().end?.error?.code == .invalidArgument)
        try await connection.send(.call(2))
        #expect(try await connection.next().end?.code == 0)
        try await connection.close()
    }

    @Test func answersThatTheClientCannotTakeAreErrors() async throws {
        var registry = MethodRegistry()
        registry.immediate(Administration.getVersion) { _, _ in
            .with { $0.version = String(repeating: "x", count: 2000) }
        }
        registry.unary(Connections.getConnection) { _, _ in .with { $0.name = String(repeating: "x", count: 2000) } }
        let connection = try await ConnectionUnderTest(registry)
        try await connection.greet(maxFrameBytes: 1000)
        try await connection.call(1, Administration.getVersion, GetVersionRequest())
        #expect(try await connection.next().end?.error?.code == .resourceExhausted)
        try await connection.call(2, Connections.getConnection, GetConnectionRequest())
        #expect(try await connection.next().end?.error?.code == .resourceExhausted)
        try await connection.close()
    }

    @Test func callsAboveTheLimitAreRefused() async throws {
        var registry = Self.healthy
        registry.unary(Connections.getConnection) { _, _ in
            await untilCancelled()
            throw CancellationError()
        }
        var limits = ServerLimits()
        limits.maxConcurrentCalls = 2
        let connection = try await ConnectionUnderTest(registry, limits: limits)
        try await connection.greet()
        for id in 1...3 as ClosedRange<UInt64> {
            try await connection.call(id, Connections.getConnection, GetConnectionRequest())
        }
        let end = try #require(try await connection.next().end)
        #expect(end.callID == 3)
        #expect(end.error?.reason == "TOO_MANY_CALLS")
        // Those that need no task are served all the same.
        try await connection.send(.call(4))
        #expect(try await connection.next().end?.callID == 4)
        try await connection.close()
    }

    // MARK: Ends before the end

    @Test(arguments: [HandlerPlace.loop, .pool]) func deadlinesReachTheHandler(_ place: HandlerPlace) async throws {
        let (started, starter) = AsyncStream<Void>.makeStream()
        let (seen, observer) = AsyncStream<Bool>.makeStream()
        var registry = MethodRegistry()
        registry.unary(Connections.getConnection, on: place) { _, _ in
            starter.yield()
            await untilCancelled()
            observer.yield(Task.isCancelled)
            return Connection()
        }
        let connection = try await ConnectionUnderTest(registry)
        try await connection.greet()
        try await connection.call(1, Connections.getConnection, GetConnectionRequest(), timeout: .seconds(2))
        for await _ in started { break }
        await connection.advance(by: .seconds(1))
        #expect(try await connection.untilPong().isEmpty)
        await connection.advance(by: .seconds(1))
        #expect(try await connection.next().end?.error?.code == .deadlineExceeded)
        for await isCancelled in seen {
            #expect(isCancelled)
            break
        }
        #expect(try await connection.untilPong().isEmpty)
        try await connection.close()
    }

    @Test func timeAlreadyOverStartsNothing() async throws {
        var registry = MethodRegistry()
        registry.unary(Connections.getConnection) { _, _ in
            Issue.record("a call without time was started")
            return Connection()
        }
        let connection = try await ConnectionUnderTest(registry)
        try await connection.greet()
        try await connection.call(1, Connections.getConnection, GetConnectionRequest(), timeout: .zero)
        #expect(try await connection.next().end?.error?.code == .deadlineExceeded)
        try await connection.close()
    }

    @Test func cancelReachesTheHandler() async throws {
        let (started, starter) = AsyncStream<Void>.makeStream()
        var registry = MethodRegistry()
        registry.unary(Connections.getConnection) { _, _ in
            starter.yield()
            await untilCancelled()
            throw CancellationError()
        }
        let connection = try await ConnectionUnderTest(registry)
        try await connection.greet()
        try await connection.call(1, Connections.getConnection, GetConnectionRequest())
        for await _ in started { break }
        try await connection.send(.cancel(1))
        #expect(try await connection.next().end?.error?.code == .cancelled)
        try await connection.close()
    }

    @Test func aClosedConnectionCancelsItsTasksAndWaitsForThem() async throws {
        let (started, starter) = AsyncStream<Void>.makeStream()
        let (finished, finisher) = AsyncStream<Void>.makeStream()
        var registry = MethodRegistry()
        registry.unary(Connections.getConnection) { _, _ in
            starter.yield()
            await untilCancelled()
            finisher.yield()
            throw CancellationError()
        }
        let connection = try await ConnectionUnderTest(registry)
        try await connection.greet()
        try await connection.call(1, Connections.getConnection, GetConnectionRequest())
        for await _ in started { break }
        try await connection.close()
        for await _ in finished { break }
    }

    @Test func shutdownLetsCallsEnd() async throws {
        let (gate, opener) = AsyncStream<Void>.makeStream()
        var registry = MethodRegistry()
        registry.unary(Connections.getConnection) { _, _ in
            for await _ in gate { break }
            return .with { $0.name = "done" }
        }
        let connection = try await ConnectionUnderTest(registry)
        try await connection.greet()
        try await connection.call(1, Connections.getConnection, GetConnectionRequest())
        try await connection.beginShutdown(grace: .seconds(10))
        let goAway = try #require(try await connection.next().goAway)
        #expect(goAway.lastCallID == 1)
        #expect(goAway.code == StatusCode.unavailable.rawValue)
        opener.yield()
        let end = try #require(try await connection.next().end)
        #expect(try Connection(decoding: end.response).name == "done")
        try await connection.ended.get()
    }

    @Test func shutdownCancelsCallsThatDoNotEnd() async throws {
        let (started, starter) = AsyncStream<Void>.makeStream()
        var registry = MethodRegistry()
        registry.unary(Connections.getConnection) { _, _ in
            starter.yield()
            await untilCancelled()
            throw CausewayError(.unavailable, reason: "STOPPING", "stopping")
        }
        let connection = try await ConnectionUnderTest(registry)
        try await connection.greet()
        try await connection.call(1, Connections.getConnection, GetConnectionRequest())
        for await _ in started { break }
        try await connection.beginShutdown(grace: .seconds(10))
        #expect(try await connection.next().goAway != nil)
        await connection.advance(by: .seconds(10))
        #expect(try await connection.next().end?.error?.reason == "STOPPING")
        try await connection.ended.get()
    }

    @Test func aHelloThatDoesNotComeRunsOut() async throws {
        let connection = try await ConnectionUnderTest(Self.healthy)
        #expect(try await connection.next().hello != nil)
        await connection.advance(by: .seconds(5))
        #expect(try await connection.next().goAway != nil)
        await connection.advance(by: .seconds(1))
        try await connection.ended.get()
    }
}
