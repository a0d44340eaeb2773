import CausewayClient
import CausewayCore
import CausewayMessages
@preconcurrency import Glibc

/// The daemon behind its socket.
struct ClientDaemon: Daemon {
    private let client: CausewayClient

    /// Gives the daemon to `body` and closes the connection after it. Nothing is opened before the first call.
    static func withDaemon<R: Sendable>(
        _ options: GlobalOptions, _ body: (any Daemon) async throws -> R
    ) async throws -> R {
        try await CausewayClient.withClient(
            socketPath: SocketPath.resolve(options.socket), agent: "causeway/\(CausewayTool.version)"
        ) { client in
            try await body(ClientDaemon(client: client))
        }
    }

    func call<Request, Response>(
        _ method: MethodDescriptor<Request, Response>, _ request: Request, timeout: Duration?
    ) async throws -> Response {
        try await client.call(method, request, timeout: timeout ?? CausewayClient.defaultTimeout)
    }

    func stream<Request, Response>(
        _ method: MethodDescriptor<Request, Response>, _ request: Request, timeout: Duration?,
        _ body: @Sendable (Response) async throws -> Void
    ) async throws {
        for try await response in try await client.stream(method, request, timeout: timeout) {
            try await body(response)
        }
    }
}

/// Where the daemon's socket is.
enum SocketPath {
    /// The path given, or the one of the environment, or the user's own daemon's if it has one, or the system's.
    static func resolve(_ given: String?) -> String {
        if let path = given ?? Environment.value("CAUSEWAY_SOCKET"), !path.isEmpty { return path }
        if let folder = Environment.value("XDG_RUNTIME_DIR"), !folder.isEmpty {
            let path = "\(folder)/causeway/causeway.sock"
            if access(path, F_OK) == 0 { return path }
        }
        return "/run/causeway/causeway.sock"
    }
}
