import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayWire

/// QuarantineService.
struct QuarantineHandlers: Sendable {
    let supervisor: Supervisor
    let queries: Queries

    func register(in registry: inout MethodRegistry) {
        registry.unary(QuarantineServiceMethods.listQuarantinedRows) { request, _ in try list(request) }
        registry.unary(QuarantineServiceMethods.getQuarantinedRow) { request, context in try get(request, context) }
        registry.serverStreaming(QuarantineServiceMethods.exportQuarantinedRows) { request, context, writer in
            try PeerPolicy.checkReveal(request.revealSensitive, context)
            let parent = try Parent(request.parent)
            var after: UInt64? = 0
            while let start = after {
                let page = try queries.quarantinedRowsOldestFirst(
                    parent.connection, run: parent.run, after: start, limit: 100)
                let raw = try raw(
                    of: Set(page.rows.map(\.row.entity)), request.revealSensitive, parent.connection)
                for entry in page.rows {
                    try await writer.write(QuarantinedRow(entry.row, entry.sequence, of: parent.connection, raw))
                }
                after = page.next
            }
        }
        registry.unary(QuarantineServiceMethods.retryQuarantinedRows) { request, _ in try await retry(request) }
        registry.unary(QuarantineServiceMethods.dropQuarantinedRows) { request, _ in try await drop(request) }
    }

    /// "connections/crm", or "connections/crm/runs/12".
    private struct Parent {
        var connection: String
        var run: UInt64?

        init(_ name: String) throws(CausewayError) {
            if let ids = ResourceName.match(name, "connections/*/runs/*"), let number = UInt64(ids[1]) {
                connection = ids[0]
                run = number
                return
            }
            connection = try ResourceName.ids(of: name, like: "connections/*", field: "parent")[0]
        }
    }

    func get(_ request: GetQuarantinedRowRequest, _ context: CallContext) throws(CausewayError) -> QuarantinedRow {
        try PeerPolicy.checkReveal(request.revealSensitive, context)
        let ids = try ResourceName.ids(of: request.name, like: "connections/*/quarantinedRows/*")
        guard let number = UInt64(ids[1]) else { throw .notFound(request.name) }
        let row = try queries.quarantinedRow(ids[0], number)
        return QuarantinedRow(row, number, of: ids[0], try raw(of: [row.entity], request.revealSensitive, ids[0]))
    }

    /// Whose bytes are shown: nobody can tell which bytes of a faulty row are the value of a sensitive field.
    private func raw(
        of entities: Set<String>, _ isRevealed: Bool, _ connection: String
    ) throws(CausewayError) -> RawBytes {
        isRevealed ? .shown : .shownExcept(try queries.sensitiveEntities(connection, among: entities))
    }

    private func list(_ request: ListQuarantinedRowsRequest) throws(CausewayError) -> ListQuarantinedRowsResponse {
        let parent = try Parent(request.parent)
        let size = try Paging.size(request.pageSize, default: 50, limit: 200)
        let page = try queries.quarantinedRows(
            parent.connection, run: parent.run, before: try Paging.number(request.pageToken), limit: size)
        var response = ListQuarantinedRowsResponse()
        response.quarantinedRows = page.rows.map {
            QuarantinedRow($0.row, $0.sequence, of: parent.connection, .leftOut)
        }
        if let next = page.next { response.nextPageToken = Paging.token(String(next)) }
        return response
    }

    private func retry(_ request: RetryQuarantinedRowsRequest) async throws(CausewayError) -> Run {
        if let ids = ResourceName.match(request.parent, "connections/*/quarantinedRows/*") {
            guard let number = UInt64(ids[1]) else { throw .notFound(request.parent) }
            let connection = try supervisor.directory.connection(ids[0])
            return Run(try await connection.retryQuarantined(.row(number), requestID: request.requestID))
        }
        let parent = try Parent(request.parent)
        let connection = try supervisor.directory.connection(parent.connection)
        return Run(
            try await connection.retryQuarantined(
                parent.run.map { .run($0) } ?? .all, requestID: request.requestID))
    }

    private func drop(
        _ request: DropQuarantinedRowsRequest
    ) async throws(CausewayError) -> DropQuarantinedRowsResponse {
        var response = DropQuarantinedRowsResponse()
        if let ids = ResourceName.match(request.parent, "connections/*/quarantinedRows/*") {
            guard let number = UInt64(ids[1]) else { throw .notFound(request.parent) }
            _ = try queries.quarantinedRow(ids[0], number)
            try await queries.dropQuarantinedRows(ids[0], [number])
            response.droppedRows = 1
            return response
        }
        let parent = try Parent(request.parent)
        var before: UInt64?
        repeat {
            let page = try queries.quarantinedRows(parent.connection, run: parent.run, before: before, limit: 1_000)
            try await queries.dropQuarantinedRows(parent.connection, page.rows.map(\.sequence))
            response.droppedRows += Int64(page.rows.count)
            before = page.next
        } while before != nil
        return response
    }
}

/// Whether rows are given with their bytes.
enum RawBytes {
    case shown
    /// Not those of these entities.
    case shownExcept(Set<String>)
    case leftOut
}

extension QuarantinedRow {
    init(_ stored: StoredQuarantinedRow, _ number: UInt64, of connection: String, _ bytes: RawBytes) {
        self.init()
        name = ResourceName.quarantinedRow(connection, number)
        entity = ResourceName.entity(connection, stored.entity)
        run = ResourceName.run(connection, stored.run)
        createTime = ProtoTimestamp(micros: stored.createMicros)
        reason = stored.reason
        message = stored.message
        source = stored.source
        line = stored.line
        column = stored.column
        sourceRow = stored.sourceRow
        switch bytes {
        case .shown: raw = stored.raw
        case .shownExcept(let entities):
            rawWithheld = entities.contains(stored.entity)
            if !rawWithheld { raw = stored.raw }
        case .leftOut: break
        }
        truncated = stored.truncated
    }
}
