import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayWire

/// RunService.
struct RunHandlers: Sendable {
    let supervisor: Supervisor

    func register(in registry: inout MethodRegistry) {
        registry.unary(RunServiceMethods.startFetch) { request, _ in
            let connection = try connection(request.connection, "connection")
            return Run(
                try await connection.startFetch(
                    request.metadataOnly ? .metadata : .full, requestID: request.requestID,
                    scope: RunScope(again: request.again)))
        }
        registry.unary(RunServiceMethods.getRun) { request, _ in
            let (connection, number) = try await run(request.name, "name")
            return Run(try await connection.view(of: number))
        }
        registry.unary(RunServiceMethods.listRuns) { request, _ in try await list(request) }
        registry.serverStreaming(RunServiceMethods.watchRun) { request, _, writer in
            let (connection, number) = try await run(request.name, "name")
            for await view in try await connection.watch(number) { try await writer.write(Run(view)) }
        }
        registry.unary(RunServiceMethods.listLogEntries) { request, _ in try await logEntries(request) }
        registry.unary(RunServiceMethods.cancelRun) { request, _ in
            let (connection, number) = try await run(request.name, "name")
            return Run(try await connection.cancelRun(number))
        }
    }

    private func connection(_ name: String, _ field: String) throws(CausewayError) -> CausewayEngine.Connection {
        try supervisor.directory.connection(ResourceName.ids(of: name, like: "connections/*", field: field)[0])
    }

    /// The connection and the number of a run's name; "latest" is the last one.
    private func run(
        _ name: String, _ field: String
    ) async throws(CausewayError) -> (CausewayEngine.Connection, UInt64) {
        let ids = try ResourceName.ids(of: name, like: "connections/*/runs/*", field: field)
        let connection = try supervisor.directory.connection(ids[0])
        if ids[1] == "latest" {
            let number = await connection.lastRun
            guard number > 0 else { throw .notFound(name) }
            return (connection, number)
        }
        guard let number = UInt64(ids[1]) else { throw .invalid(field, "\"\(ids[1])\" is not the number of a run.") }
        return (connection, number)
    }

    private func list(_ request: ListRunsRequest) async throws(CausewayError) -> ListRunsResponse {
        let connection = try connection(request.parent, "parent")
        let size = try Paging.size(request.pageSize, default: 50, limit: 200)
        let before = try Paging.number(request.pageToken)
        let views = try await connection.runs(before: before, limit: size + 1)
        var response = ListRunsResponse()
        response.runs = views.prefix(size).map { Run($0) }
        if views.count > size { response.nextPageToken = Paging.token(String(views[size - 1].number)) }
        return response
    }

    private func logEntries(_ request: ListLogEntriesRequest) async throws(CausewayError) -> ListLogEntriesResponse {
        let (connection, number) = try await run(request.parent, "parent")
        let size = try Paging.size(request.pageSize, default: 200, limit: 1_000)
        let from = try Paging.number(request.pageToken) ?? 0
        let page = try connection.logEntries(
            run: number, from: from, limit: size, minimumLevel: request.minimumLevel.rawValue)
        var response = ListLogEntriesResponse()
        response.logEntries = page.entries.map { stored in
            LogEntry.with {
                $0.time = ProtoTimestamp(micros: stored.timeMicros)
                $0.level = LogEntry.Level(rawValue: stored.level)
                $0.message = stored.message
                $0.fields = stored.fields
            }
        }
        if let next = page.next { response.nextPageToken = Paging.token(String(next)) }
        return response
    }
}
