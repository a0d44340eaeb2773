import CausewayConnectorKit
import CausewayCore
import CausewayMessages

/// CatalogueService: needs no actor and no store.
struct CatalogueHandlers: Sendable {
    let catalogue: Catalogue

    func register(in registry: inout MethodRegistry) {
        registry.immediate(CatalogueServiceMethods.listIntegrations) { request, _ in try list(request) }
        registry.immediate(CatalogueServiceMethods.getIntegration) { request, _ in
            let ids = try ResourceName.ids(of: request.name, like: "integrations/*")
            return Integration(try catalogue.connector(ids[0]).spec)
        }
    }

    private func list(_ request: ListIntegrationsRequest) throws(CausewayError) -> ListIntegrationsResponse {
        let size = try Paging.size(request.pageSize, default: 50, limit: 200)
        let after = try Paging.key(request.pageToken)
        let words = request.query.lowercased().split(whereSeparator: \.isWhitespace)
        let matching = catalogue.specs.filter { spec in
            guard after.map({ spec.id > $0 }) ?? true else { return false }
            let text = "\(spec.id) \(spec.title) \(spec.description)".lowercased()
            return words.allSatisfy { text.contains($0) }
        }
        var response = ListIntegrationsResponse()
        response.integrations = matching.prefix(size).map { Integration($0) }
        if matching.count > size { response.nextPageToken = Paging.token(matching[size - 1].id) }
        return response
    }
}
