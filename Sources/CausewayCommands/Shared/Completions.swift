import CausewayClient
import CausewayCore
import CausewayMessages

/// What a shell offers after the Tab key. Without a daemon it offers nothing, quickly.
enum Completions {
    private static let timeout = Duration.milliseconds(500)

    /// The names of connections.
    static func connections() async -> [String] {
        let request = ListConnectionsRequest.with { $0.pageSize = 200 }
        return await ask(ConnectionServiceMethods.listConnections, request)?.connections.map(\.id) ?? []
    }

    /// The names of integrations.
    static func integrations() async -> [String] {
        let request = ListIntegrationsRequest.with { $0.pageSize = 200 }
        return await ask(CatalogueServiceMethods.listIntegrations, request)?.integrations.map(\.id) ?? []
    }

    /// The names of the entities of the connection that stands before the word at `index`.
    static func entities(_ words: [String], _ index: Int) async -> [String] {
        guard words.indices.contains(index - 1), let connection = ConnectionName(argument: words[index - 1]) else {
            return []
        }
        let request = ListEntitiesRequest.with {
            $0.parent = connection.resource
            $0.pageSize = 200
        }
        return await ask(DataServiceMethods.listEntities, request)?.entities.map(\.id) ?? []
    }

    /// The fields of the entity that stands before the word at `index`, behind its connection.
    static func fields(_ words: [String], _ index: Int) async -> [String] {
        guard words.indices.contains(index - 1), words.indices.contains(index - 2),
            let connection = ConnectionName(argument: words[index - 2]),
            let entity = EntityName(argument: words[index - 1])
        else { return [] }
        let request = ListFieldsRequest.with {
            $0.parent = entity.resource(connection)
            $0.pageSize = 1_000
        }
        return await ask(DataServiceMethods.listFields, request)?.fields.map(\.label) ?? []
    }

    private static func ask<Request, Response>(
        _ method: MethodDescriptor<Request, Response>, _ request: Request
    ) async -> Response? {
        let client = CausewayClient(socketPath: SocketPath.resolve(nil), connectTimeout: timeout)
        let response = try? await client.call(method, request, timeout: timeout)
        await client.close()
        return response
    }
}
