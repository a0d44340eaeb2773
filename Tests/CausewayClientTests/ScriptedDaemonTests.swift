import CausewayClient
import CausewayCore
import CausewayMessages
import CausewayWire
import Foundation
import NIOCore
import NIOPosix
import Testing

/// The client against a peer that says whatever a test wants.
@Suite struct ScriptedDaemonTests {
    private typealias Administration = AdministrationServiceMethods

    private static func health(at path: String) async -> CausewayError? {
        await CausewayClient.withClient(socketPath: path, agent: "test") { client in
            await #expect(throws: CausewayError.self) { try await client.call(Administration.getHealth, .init()) }
        }
    }

    // MARK: No daemon

    @Test func nobodyThere() async throws {
        let error = await Self.health(at: "/tmp/causeway-nobody-\(getpid())/socket")
        #expect(error?.reason == "DAEMON_NOT_RUNNING")
        #expect(error?.code == .unavailable)
        #expect(error?.message.contains("/tmp/causeway-nobody-\(getpid())/socket") == true)
        #expect(error?.message.contains("causewayd") == true)
    }

    @Test func aPathThatFitsNoAddress() async throws {
        let error = await Self.health(at: "/" + String(repeating: "x", count: 200))
        #expect(error?.code == .invalidArgument)
    }

    @Test func aClosedClientStaysClosed() async throws {
        let client = CausewayClient(socketPath: "/tmp/none")
        await client.close()
        await #expect(throws: CausewayError.self) { try await client.call(Administration.getHealth, .init()) }
        await client.close()
    }

    // MARK: Strange daemons

    @Test func aNewerProtocolIsNamed() async throws {
        let error = try await ScriptedDaemon.with { frame in
            guard frame == nil else { return [] }
            return [.serverHello(calls: 1, version: 7)]
        } body: { path in
            await Self.health(at: path)
        }
        #expect(error?.reason == "INCOMPATIBLE_PROTOCOL")
        #expect(error?.metadata["daemon_protocol"] == "7")
    }

    @Test func whoHasNoRoleHearsSo() async throws {
        let error = try await ScriptedDaemon.with { frame in
            guard frame == nil else { return [] }
            return [.serverHello(calls: 1), .goAway(.permissionDenied, last: 0)]
        } body: { path in
            await Self.health(at: path)
        }
        #expect(error?.code == .permissionDenied)
        #expect(error?.reason == "NO_ROLE")
    }

    @Test func garbageIsAnErrorAndNoMore() async throws {
        let error = try await ScriptedDaemon.with(greeting: Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)) { _ in
            []
        } body: { path in
            await Self.health(at: path)
        }
        #expect(error?.reason == "FRAME_FLAG_UNKNOWN")
    }

    @Test func aDaemonThatDiesMidCall() async throws {
        let error = try await ScriptedDaemon.with { frame in
            guard let frame else { return [.serverHello(calls: 1)] }
            if case .request = frame.body { return nil }
            return []
        } body: { path in
            await Self.health(at: path)
        }
        #expect(error?.reason == "CONNECTION_LOST")
        #expect(error?.code == .unavailable)
    }

    @Test func aNewerStatusCodeSurvives() async throws {
        let error = try await ScriptedDaemon.with { frame in
            guard let frame else { return [.serverHello(calls: 1)] }
            guard case .request(let request) = frame.body else { return [] }
            return [
                .with {
                    $0.body = .end(
                        .with {
                            $0.callID = request.callID
                            $0.code = 99
                            $0.message = "new"
                        })
                }
            ]
        } body: { path in
            await Self.health(at: path)
        }
        #expect(error?.code == StatusCode(rawValue: 99))
        #expect(error?.message == "new")
    }

    @Test func aDaemonThatDoesNotAnswerRunsOut() async throws {
        let error = try await ScriptedDaemon.with { frame in
            frame == nil ? [.serverHello(calls: 1)] : []
        } body: { path in
            await CausewayClient.withClient(socketPath: path) { client in
                await #expect(throws: CausewayError.self) {
                    try await client.call(Administration.getHealth, .init(), timeout: .milliseconds(20))
                }
            }
        }
        #expect(error?.code == .deadlineExceeded)
    }

    @Test func aRequestThatTheDaemonCannotTakeIsNotSent() async throws {
        let error = try await ScriptedDaemon.with { frame in
            guard frame == nil else { return [] }
            return [
                .with {
                    $0.body = .hello(
                        .with {
                            $0.protocolVersion = 1
                            $0.maxFrameBytes = 64
                        })
                }
            ]
        } body: { path in
            await CausewayClient.withClient(socketPath: path) { client in
                await #expect(throws: CausewayError.self) {
                    try await client.call(
                        ConnectionServiceMethods.getConnection,
                        .with { $0.name = String(repeating: "x", count: 100) })
                }
            }
        }
        #expect(error?.reason == "FRAME_TOO_LARGE")
    }

    @Test func aStreamGivesCreditAsItIsConsumed() async throws {
        // Sends as much as credit allows, sixteen first, and ends the stream after forty.
        let sent = ResponseCount()
        let names = try await ScriptedDaemon.with { frame in
            guard let frame else { return [.serverHello(calls: 1)] }
            switch frame.body {
            case .request(let request): return sent.responses(16, of: request.callID, end: 40)
            case .credit(let credit): return sent.responses(Int(credit.messages), of: credit.callID, end: 40)
            default: return []
            }
        } body: { path in
            try await CausewayClient.withClient(socketPath: path) { (client) async throws in
                var names: [String] = []
                for try await run in try await client.stream(RunServiceMethods.watchRun, .init()) {
                    names.append(run.name)
                }
                return names
            }
        }
        #expect(names == (1...40).map(String.init))
    }
}
