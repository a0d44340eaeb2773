import CausewayCore
import CausewayTestKit
import CausewayTransport
import Testing

@Suite("Links that fail", .enabled(if: SSHServerFixture.isPossible), .timeLimit(.minutes(2)))
struct LinkTests {
    @Test("are told as unavailable where they are cut, and a new session goes on at the offset")
    func cut() async throws {
        let fixture = try SFTPFixture()
        let bytes = pattern(4_000_000)
        let path = try fixture.files.write("data.bin", bytes)
        let proxy = try FaultProxy(target: fixture.server.port)
        defer { proxy.stop() }
        proxy.plan(.cut(afterServerBytes: 1_500_000))
        let target = fixture.target(port: proxy.port)

        var received: [UInt8] = []
        let session = try await SFTPSession.open(target) { _ in }
        let file = try await session.openFile(path, at: 0)
        let error = await #expect(throws: CausewayError.self) {
            while true { received += try await session.read(file, limit: 1 << 20) }
        }
        #expect(error?.code == .unavailable)
        #expect(error?.reason == "LINK_CUT")
        #expect(error?.retry == .backoff)
        #expect(session.isOver)
        await session.close()
        #expect(received == Array(bytes[..<received.count]))

        received += try await fixture.withSession(target) { try await $0.readAll(path, from: Int64(received.count)) }
        #expect(received == bytes)
        #expect(proxy.connections == 2)
    }

    @Test("are told wherever they are cut before the first file", arguments: [1, 30, 800, 1_600, 2_200, 2_500])
    func cutEarly(_ afterServerBytes: Int) async throws {
        let fixture = try SFTPFixture()
        let proxy = try FaultProxy(target: fixture.server.port)
        defer { proxy.stop() }
        proxy.plan(.cut(afterServerBytes: afterServerBytes))
        let error = await fixture.failure(fixture.target(port: proxy.port))
        #expect(error?.code == .unavailable)
        #expect(await fixture.failure(fixture.target(port: proxy.port)) == nil)
    }

    @Test("are told when the server is killed, refuses, and comes back")
    func killed() async throws {
        let fixture = try SFTPFixture()
        let session = try await SFTPSession.open(fixture.target()) { _ in }
        fixture.server.kill()
        let error = await #expect(throws: CausewayError.self) { _ = try await session.stat("/") }
        #expect(error?.code == .unavailable)
        await session.close()
        let refused = await fixture.failure(fixture.target())
        #expect(refused?.reason == "CONNECTION_REFUSED")
        #expect(refused?.code == .unavailable)
        try fixture.server.restart()
        #expect(await fixture.failure(fixture.target()) == nil)
    }

    @Test("are told when they are reset at once")
    func reset() async throws {
        let fixture = try SFTPFixture()
        let proxy = try FaultProxy(target: fixture.server.port)
        defer { proxy.stop() }
        proxy.plan(.reset)
        #expect(await fixture.failure(fixture.target(port: proxy.port))?.code == .unavailable)
    }

    @Test("are given up when the other side says nothing for the operation's timeout")
    func stalled() async throws {
        let fixture = try SFTPFixture()
        let path = try fixture.files.write("data.bin", pattern(2_000_000))
        let proxy = try FaultProxy(target: fixture.server.port)
        defer { proxy.stop() }
        proxy.plan(.stall(afterServerBytes: 500_000))
        let target = fixture.target(port: proxy.port, operationTimeout: .seconds(1))
        let session = try await SFTPSession.open(target) { _ in }
        let error = await #expect(throws: CausewayError.self) { _ = try await session.readAll(path) }
        #expect(error?.code == .unavailable)
        #expect(error?.reason == "LINK_STALLED")
        await session.close()
    }

    @Test("are given up when nobody speaks SSH at the other end")
    func silent() async throws {
        let fixture = try SFTPFixture()
        let proxy = try FaultProxy(target: fixture.server.port)
        defer { proxy.stop() }
        proxy.plan(.stall(afterServerBytes: 0))
        var target = fixture.target(port: proxy.port)
        target.connectTimeout = .seconds(1)
        let error = await fixture.failure(target)
        #expect(error?.code == .unavailable)
        #expect(error?.reason == "CONNECT_TIMEOUT")
    }

    @Test("that are idle are kept alive")
    func keepAlive() async throws {
        let fixture = try SFTPFixture()
        let proxy = try FaultProxy(target: fixture.server.port)
        defer { proxy.stop() }
        var target = fixture.target(port: proxy.port)
        target.keepAlive = .seconds(1)
        let session = try await SFTPSession.open(target) { _ in }
        // Nothing is asked of the server any more, so what comes is that alone.
        let before = proxy.clientBytes
        await proxy.waitUntil(clientBytes: before + 100)
        #expect(try await session.stat("/").kind == .folder)
        await session.close()
    }

    @Test("to names that do not exist are told as such")
    func unknownName() async throws {
        let fixture = try SFTPFixture()
        var target = fixture.target()
        target.host = "no-such-host.invalid"
        let error = await fixture.failure(target)
        #expect(error?.code == .unavailable)
        #expect(error?.reason == "HOST_NOT_FOUND")
    }

    @Test("to a name with several addresses find the one that answers")
    func localhost() async throws {
        let fixture = try SFTPFixture()
        var target = fixture.target()
        target.host = "localhost"
        #expect(await fixture.failure(target) == nil)
    }
}

@Suite("Cancelling", .enabled(if: SSHServerFixture.isPossible), .timeLimit(.minutes(1)))
struct CancellationTests {
    @Test("ends a read that waits, at once")
    func read() async throws {
        let fixture = try SFTPFixture()
        let path = try fixture.files.write("data.bin", pattern(2_000_000))
        let proxy = try FaultProxy(target: fixture.server.port)
        defer { proxy.stop() }
        proxy.plan(.stall(afterServerBytes: 500_000))
        let session = try await SFTPSession.open(fixture.target(port: proxy.port, operationTimeout: .seconds(3_000))) {
            _ in
        }
        let task = Task { try await session.readAll(path) }
        await proxy.waitUntilStalled()
        task.cancel()
        let error = await #expect(throws: CausewayError.self) { _ = try await task.value }
        #expect(error?.code == .cancelled)
        #expect(session.isOver)
        await session.close()
    }

    @Test("ends the opening of a session that waits, at once")
    func open() async throws {
        let fixture = try SFTPFixture()
        let proxy = try FaultProxy(target: fixture.server.port)
        defer { proxy.stop() }
        proxy.plan(.stall(afterServerBytes: 0))
        var waiting = fixture.target(port: proxy.port)
        waiting.connectTimeout = .seconds(3_000)
        let target = waiting
        let task = Task { await fixture.failure(target) }
        await proxy.waitUntilStalled()
        task.cancel()
        #expect(await task.value?.code == .cancelled)
    }

    @Test("of a session ends what it does")
    func close() async throws {
        let fixture = try SFTPFixture()
        let path = try fixture.files.write("data.bin", pattern(2_000_000))
        let proxy = try FaultProxy(target: fixture.server.port)
        defer { proxy.stop() }
        proxy.plan(.stall(afterServerBytes: 500_000))
        let session = try await SFTPSession.open(fixture.target(port: proxy.port, operationTimeout: .seconds(3_000))) {
            _ in
        }
        let task = Task { try await session.readAll(path) }
        await proxy.waitUntilStalled()
        await session.close()
        await session.close()
        await #expect(throws: CausewayError.self) { _ = try await task.value }
        let error = await #expect(throws: CausewayError.self) { _ = try await session.stat("/") }
        #expect(error?.code == .unavailable)
    }

    @Test("before a call leaves nothing done")
    func before() async throws {
        let fixture = try SFTPFixture()
        let path = try fixture.files.write("data.csv", "x")
        let session = try await SFTPSession.open(fixture.target()) { _ in }
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await session.remove(path)
        }
        let error = await #expect(throws: CausewayError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(fixture.files.has("data.csv"))
        await session.close()
    }
}
