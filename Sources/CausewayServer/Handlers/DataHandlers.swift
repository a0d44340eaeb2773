import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayWire

/// DataService.
struct DataHandlers: Sendable {
    let queries: Queries

    func register(in registry: inout MethodRegistry) {
        registry.unary(DataServiceMethods.getConnectionOverview) { request, _ in
            let id = try ResourceName.ids(of: request.name, like: "connections/*")[0]
            return ConnectionOverview(try queries.overview(id), of: id)
        }
        registry.unary(DataServiceMethods.listEntities) { request, _ in try listEntities(request) }
        registry.unary(DataServiceMethods.getEntity) { request, _ in
            let ids = try ResourceName.ids(of: request.name, like: "connections/*/entities/*")
            return Entity(try queries.entity(ids[0], ids[1]), of: ids[0])
        }
        registry.unary(DataServiceMethods.listFields) { request, _ in try listFields(request) }
        registry.unary(DataServiceMethods.getField) { request, _ in
            // Labels are the source's: a slash may be in one.
            let ids = try ResourceName.ids(of: request.name, like: "connections/*/entities/*/fields/**")
            let view = try queries.entity(ids[0], ids[1])
            guard let field = view.state.field(ids[2]) else { throw CausewayError.notFound(request.name) }
            return Field(field, of: view, ids[0])
        }
        registry.unary(DataServiceMethods.listRecords) { request, _ in try listRecords(request) }
        registry.serverStreaming(DataServiceMethods.exportRecords) { request, _, writer in
            let ids = try ResourceName.ids(of: request.parent, like: "connections/*/entities/*", field: "parent")
            let format: ExportFormat
            switch request.format {
            case .unspecified, .csv: format = .csv
            case .jsonLines: format = .jsonLines
            default: throw CausewayError.invalid("format", "this daemon does not know format \(request.format).")
            }
            try await queries.export(ids[0], ids[1], format) { piece, count in
                try await writer.write(
                    ExportRecordsResponse.with {
                        $0.content = piece
                        $0.recordCount = count
                    })
            }
        }
    }

    private func listEntities(_ request: ListEntitiesRequest) throws(CausewayError) -> ListEntitiesResponse {
        let id = try ResourceName.ids(of: request.parent, like: "connections/*", field: "parent")[0]
        let size = try Paging.size(request.pageSize, default: 50, limit: 200)
        let page = try queries.entities(id, after: try Paging.key(request.pageToken), limit: size)
        var response = ListEntitiesResponse()
        response.entities = page.views.map { Entity($0, of: id) }
        if let next = page.next { response.nextPageToken = Paging.token(next) }
        return response
    }

    private func listFields(_ request: ListFieldsRequest) throws(CausewayError) -> ListFieldsResponse {
        let ids = try ResourceName.ids(of: request.parent, like: "connections/*/entities/*", field: "parent")
        let size = try Paging.size(request.pageSize, default: 200, limit: 1_000)
        let view = try queries.entity(ids[0], ids[1])
        let fields = view.state.fieldsByPosition
        // Positions never move once given, so a number is a key and no offset.
        let after = try Paging.number(request.pageToken).flatMap { number in
            fields.firstIndex { UInt64($0.number) == number }
        }
        let rest = fields.dropFirst(after.map { $0 + 1 } ?? 0)
        var response = ListFieldsResponse()
        response.fields = rest.prefix(size).map { Field($0, of: view, ids[0]) }
        if rest.count > size, let last = rest.prefix(size).last {
            response.nextPageToken = Paging.token(String(last.number))
        }
        return response
    }

    private func listRecords(_ request: ListRecordsRequest) throws(CausewayError) -> ListRecordsResponse {
        let ids = try ResourceName.ids(of: request.parent, like: "connections/*/entities/*", field: "parent")
        let size = try Paging.size(request.pageSize, default: 20, limit: 500)
        var before: RecordPlace?
        if let key = try Paging.key(request.pageToken) {
            guard let place = RecordPlace(text: key) else {
                throw .invalid("page_token", "it is not a token that an earlier page gave.")
            }
            before = place
        }
        let (fields, page) = try queries.records(ids[0], ids[1], before: before, limit: size)
        var response = ListRecordsResponse()
        response.fields = fields.map(\.stored.apiLabel)
        response.records = page.records.map { record in
            Record.with {
                $0.values = record.values.map { text in Value.with { $0.text = text } }
                $0.run = ResourceName.run(ids[0], record.provenance.run)
                $0.importTime = ProtoTimestamp(record.provenance.importTime)
                $0.source = record.provenance.source
                $0.sourceRow = record.sourceRow
            }
        }
        if let next = page.next { response.nextPageToken = Paging.token(next.text) }
        return response
    }
}
