import CausewayClient
import CausewayCore
import CausewayMessages
import CausewayServer
import CausewayWire
import Foundation
import Logging
import NIOCore
import Synchronization

/// A folder of a test's own.
struct Folder {
    let path: String

    static func with<R>(_ body: (Folder) async throws -> R) async throws -> R {
        let path = FileManager.default.temporaryDirectory.path + "/rpc-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(Folder(path: path))
    }

    /// Type and permissions of a file in it.
    func mode(of name: String) throws -> UInt32 {
        var found = stat()
        guard lstat(path + "/" + name, &found) == 0 else { throw POSIXError(.ENOENT) }
        return found.st_mode
    }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    }
}

/// Servers for tests, quiet ones.
enum Server {
    static func make(
        _ path: String, _ registry: MethodRegistry, limits: ServerLimits = ServerLimits(), mode: UInt32 = 0o600
    ) -> RPCServer {
        RPCServer(
            path: path, mode: mode, registry: registry, policy: PeerPolicy(daemonUser: geteuid()), limits: limits,
            agent: "test/1", logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// Serves while `body` calls.
    static func with(
        at path: String, _ registry: MethodRegistry, limits: ServerLimits = ServerLimits(), mode: UInt32 = 0o600,
        _ body: (CausewayClient) async throws -> Void
    ) async throws {
        let server = make(path, registry, limits: limits, mode: mode)
        try await server.start()
        let outcome: Result<Void, any Error>
        do {
            try await CausewayClient.withClient(socketPath: path) { client in try await body(client) }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await server.shutDown(grace: .zero)
        try outcome.get()
    }
}

/// A client that writes what it is told and reads nothing.
final class RawClient {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    deinit {
        close(descriptor)
    }

    func write(_ frame: Frame) throws {
        var bytes = ByteBuffer()
        try FrameEncoder().write(frame, to: &bytes)
        let written = bytes.withUnsafeReadableBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.readableBytes else { throw POSIXError(.EPIPE) }
    }
}

final class Counter: Sendable {
    private let value = Atomic(0)
    var count: Int { value.load(ordering: .relaxed) }
    func add() { value.add(1, ordering: .relaxed) }
}

enum Child {
    /// What a program writes to its standard output until it ends.
    static func output(_ path: String, _ arguments: String...) async throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        return try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { _ in
                continuation.resume(returning: pipe.fileHandleForReading.readDataToEndOfFile())
            }
            do {
                try process.run()
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}
