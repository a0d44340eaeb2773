import CausewayClient
import CausewayCore
import CausewayMessages

/// What a shell offers after the Tab key. Without a daemon it offers nothing, quickly.
enum Completions {
    /// The names of connections.
    static func connections() async -> [String] {
        let client = CausewayClient(socketPath: SocketPath.resolve(nil), connectTimeout: .milliseconds(500))
        let request = ListConnectionsRequest.with { $0.pageSize = 200 }
        let response = try? await client.call(
            ConnectionServiceMethods.listConnections, request, timeout: .milliseconds(500))
        await client.close()
        return response?.connections.map(\.id) ?? []
    }
}
