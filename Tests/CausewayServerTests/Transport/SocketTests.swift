import CausewayClient
import CausewayCore
import CausewayMessages
@testable import CausewayServer
import Foundation
import Logging
import Testing

/// Server and client over a real socket.
@Suite struct SocketTests {
    private typealias Runs = RunServiceMethods
    private typealias Connections = ConnectionServiceMethods

    private static var registry: MethodRegistry { registry {} }

    /// - Parameter onVersion: called whenever an answer of a mebibyte is made.
    private static func registry(onVersion: @escaping @Sendable () -> Void) -> MethodRegistry {
        var registry = MethodRegistry()
        registry.immediate(AdministrationServiceMethods.getHealth) { _, _ in .with { $0.status = .serving } }
        registry.immediate(AdministrationServiceMethods.getVersion) { _, _ in
            onVersion()
            return .with { $0.version = String(repeating: "v", count: 1 << 20) }
        }
        registry.unary(Connections.getConnection) { request, _ in .with { $0.name = request.name } }
        registry.serverStreaming(Runs.watchRun) { _, _, writer in
            for number in 1...1000 { try await writer.write(.with { $0.name = "\(number)" }) }
        }
        return registry
    }

    // MARK: The socket file

    @Test func theSocketIsItsUsersAlone() async throws {
        try await Folder.with { folder in
            let path = folder.path + "/run/socket"
            try await Server.with(at: path, Self.registry) { (_) async throws in
                #expect(try folder.mode(of: "run") == 0o40700)
                #expect(try folder.mode(of: "run/socket") == 0o140600)
            }
            #expect(throws: (any Error).self) { try folder.mode(of: "run/socket") }
        }
    }

    @Test func aStaleSocketIsReplaced() async throws {
        try await Folder.with { folder in
            let path = folder.path + "/socket"
            let left = try SocketPath.listen(at: path, mode: 0o600, backlog: 1)
            close(left.descriptor)
            try await Server.with(at: path, Self.registry) { (client) async throws in
                #expect(try await client.call(AdministrationServiceMethods.getHealth, .init()).status == .serving)
            }
        }
    }

    @Test func aSecondDaemonIsRefused() async throws {
        try await Folder.with { folder in
            let path = folder.path + "/socket"
            try await Server.with(at: path, Self.registry) { (client) async throws in
                let error = await #expect(throws: CausewayError.self) {
                    try await Server.make(path, Self.registry).start()
                }
                #expect(error?.reason == "ALREADY_RUNNING")
                #expect(try await client.call(AdministrationServiceMethods.getHealth, .init()).status == .serving)
            }
        }
    }

    @Test func whatIsNoSocketIsLeftAlone() async throws {
        try await Folder.with { folder in
            let path = folder.path + "/socket"
            try folder.write("precious", to: "socket")
            let error = await #expect(throws: CausewayError.self) { try await Server.make(path, Self.registry).start() }
            #expect(error?.reason == "SOCKET_UNSAFE")
            #expect(try folder.mode(of: "socket") & 0o170000 == 0o100000)
        }
    }

    @Test func aFolderThatOthersCanWriteIsRefused() async throws {
        try await Folder.with { folder in
            chmod(folder.path, 0o777)
            let error = await #expect(throws: CausewayError.self) {
                try await Server.make(folder.path + "/socket", Self.registry).start()
            }
            #expect(error?.reason == "SOCKET_UNSAFE")
        }
    }

    @Test(arguments: [0, 108, 5000]) func pathsThatFitNoAddressAreRefused(_ length: Int) async {
        let path = length == 0 ? "" : "/" + String(repeating: "x", count: length - 1)
        let error = await #expect(throws: CausewayError.self) { try await Server.make(path, Self.registry).start() }
        #expect(error?.code == .invalidArgument)
    }

    @Test func anotherSocketInItsPlaceIsNotRemoved() async throws {
        try await Folder.with { folder in
            let path = folder.path + "/socket"
            let server = Server.make(path, Self.registry)
            try await server.start()
            unlink(path)
            let other = try SocketPath.listen(at: path, mode: 0o600, backlog: 1)
            await server.shutDown(grace: .zero)
            #expect(try folder.mode(of: "socket") == 0o140600)
            close(other.descriptor)
        }
    }

    // MARK: Calls

    @Test func callsOfEveryForm() async throws {
        try await Folder.with { folder in
            try await Server.with(at: folder.path + "/socket", Self.registry) { (client) async throws in
                #expect(try await client.call(AdministrationServiceMethods.getHealth, .init()).status == .serving)
                #expect(try await client.call(Connections.getConnection, .with { $0.name = "a" }).name == "a")
                #expect(try await client.connections.getConnection(.with { $0.name = "b" }).name == "b")
                var names: [String] = []
                for try await run in try await client.stream(Runs.watchRun, .init()) { names.append(run.name) }
                #expect(names == (1...1000).map(String.init))
            }
        }
    }

    @Test func manyCallsShareAConnection() async throws {
        try await Folder.with { folder in
            try await Server.with(at: folder.path + "/socket", Self.registry) { (client) async throws in
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<500 {
                        group.addTask {
                            let name = "connections/\(number)"
                            return try await client.call(Connections.getConnection, .with { $0.name = name }).name
                                == name
                        }
                    }
                    for try await isRight in group { #expect(isRight) }
                }
            }
        }
    }

    @Test func leavingALoopEarlyCancelsTheStream() async throws {
        let (ended, ender) = AsyncStream<Bool>.makeStream()
        var registry = MethodRegistry()
        registry.serverStreaming(Runs.watchRun) { _, _, writer in
            defer { ender.yield(Task.isCancelled) }
            while true { try await writer.write(.with { $0.name = "again" }) }
        }
        try await Folder.with { folder in
            try await Server.with(at: folder.path + "/socket", registry) { (client) async throws in
                for try await _ in try await client.stream(Runs.watchRun, .init()) { break }
                for await isCancelled in ended {
                    #expect(isCancelled)
                    break
                }
            }
        }
    }

    @Test func cancellingATaskCancelsItsCall() async throws {
        let (started, starter) = AsyncStream<Void>.makeStream()
        let (ended, ender) = AsyncStream<Void>.makeStream()
        var registry = MethodRegistry()
        registry.unary(Connections.getConnection) { _, _ in
            starter.yield()
            await untilCancelled()
            ender.yield()
            throw CancellationError()
        }
        try await Folder.with { folder in
            try await Server.with(at: folder.path + "/socket", registry) { (client) async throws in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        let error = await #expect(throws: CausewayError.self) {
                            try await client.call(Connections.getConnection, .init())
                        }
                        #expect(error?.code == .cancelled)
                    }
                    for await _ in started { break }
                    group.cancelAll()
                }
                for await _ in ended { break }
            }
        }
    }

    @Test func aClientThatNeverReadsHarmsNobody() async throws {
        try await Folder.with { folder in
            let path = folder.path + "/socket"
            let answers = Counter()
            let counting = Self.registry { answers.add() }
            try await Server.with(at: path, counting) { (client) async throws in
                let deaf = try RawClient(path)
                try deaf.write(.hello(credit: 100))
                // Two hundred answers of a mebibyte each, none of which is read.
                for id in 1...200 as ClosedRange<UInt64> {
                    try deaf.write(.call(id, AdministrationServiceMethods.getVersion.path))
                }
                for _ in 0..<200 {
                    #expect(try await client.call(AdministrationServiceMethods.getHealth, .init()).status == .serving)
                }
                // No more are made than may wait to be read.
                #expect(answers.count <= 1 + ServerLimits().outboundLimit >> 20)
            }
        }
    }

    @Test func connectionsOfAUserAreLimited() async throws {
        try await Folder.with { folder in
            let path = folder.path + "/socket"
            var limits = ServerLimits()
            limits.maxConnectionsPerUser = 2
            try await Server.with(at: path, Self.registry, limits: limits) { (client) async throws in
                #expect(try await client.call(AdministrationServiceMethods.getHealth, .init()).status == .serving)
                try await CausewayClient.withClient(socketPath: path) { (second) async throws in
                    #expect(try await second.call(AdministrationServiceMethods.getHealth, .init()).status == .serving)
                    let error = try await CausewayClient.withClient(socketPath: path) { (third) async throws in
                        await #expect(throws: CausewayError.self) {
                            try await third.call(AdministrationServiceMethods.getHealth, .init())
                        }
                    }
                    #expect(error?.code == .resourceExhausted, "\(String(describing: error))")
                }
            }
        }
    }

    // MARK: Ends

    @Test func aRestartedDaemonIsFoundAgain() async throws {
        try await Folder.with { folder in
            let path = folder.path + "/socket"
            let first = Server.make(path, Self.registry)
            try await first.start()
            let client = CausewayClient(socketPath: path)
            #expect(try await client.call(AdministrationServiceMethods.getHealth, .init()).status == .serving)
            await first.shutDown(grace: .seconds(5))
            let error = await #expect(throws: CausewayError.self) {
                try await client.call(AdministrationServiceMethods.getHealth, .init())
            }
            #expect(error?.reason == "DAEMON_NOT_RUNNING")
            let second = Server.make(path, Self.registry)
            try await second.start()
            #expect(try await client.call(AdministrationServiceMethods.getHealth, .init()).status == .serving)
            await client.close()
            await second.shutDown(grace: .seconds(5))
        }
    }

    @Test func shutdownAnswersWhatIsInProgress() async throws {
        let (started, starter) = AsyncStream<Void>.makeStream()
        let (gate, opener) = AsyncStream<Void>.makeStream()
        var registry = MethodRegistry()
        registry.unary(Connections.getConnection) { _, _ in
            starter.yield()
            for await _ in gate { break }
            return .with { $0.name = "done" }
        }
        try await Folder.with { folder in
            let path = folder.path + "/socket"
            let server = Server.make(path, registry)
            try await server.start()
            let client = CausewayClient(socketPath: path)
            async let answer = client.call(Connections.getConnection, .init())
            for await _ in started { break }
            async let stopped: Void = server.shutDown(grace: .seconds(60))
            opener.yield()
            #expect(try await answer.name == "done")
            await stopped
            #expect(server.connectionCount == 0)
            await client.close()
        }
    }

    /// Another user reaches the socket, because its file lets him, and is sent away before a byte of his is read.
    @Test(.enabled(if: geteuid() == 0, "only root can become another user"))
    func anotherUsersProcessIsRefused() async throws {
        try await Folder.with { folder in
            chmod(folder.path, 0o711)
            let path = folder.path + "/socket"
            try await Server.with(at: path, Self.registry, mode: 0o666) { (_) async throws in
                let script = """
                    import socket, sys
                    s = socket.socket(socket.AF_UNIX); s.settimeout(20); s.connect(sys.argv[1])
                    while True:
                        b = s.recv(4096)
                        if not b: break
                        sys.stdout.buffer.write(b)
                    """
                let said = try await Child.output(
                    "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                    "/usr/bin/python3", "-c", script, path)
                #expect(String(decoding: said, as: UTF8.self).contains("User 65534 has no role"))
            }
        }
    }
}
