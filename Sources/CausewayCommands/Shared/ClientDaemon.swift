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
    static let ofSystem = "/run/causeway/causeway.sock"

    /// The path given, or the one of the environment, or that of the user's own daemon if it has one, or the system's.
    static func resolve(
        _ given: String?, variable: (String) -> String? = Environment.value,
        exists: (String) -> Bool = { access($0, F_OK) == 0 }
    ) -> String {
        if let path = given ?? variable("CAUSEWAY_SOCKET"), !path.isEmpty { return path }
        // Where causewayd listens when it is not the system's, by the XDG base directory specification.
        var folders: [String] = []
        if let folder = variable("XDG_RUNTIME_DIR") { folders.append(folder) }
        if let folder = variable("XDG_STATE_HOME") ?? variable("HOME").map({ "\($0)/.local/state" }) {
            folders.append(folder)
        }
        let paths = folders.filter { $0.hasPrefix("/") }.map { "\($0)/causeway/causeway.sock" }
        return paths.first(where: exists) ?? ofSystem
    }
}
