import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayWire

// What people change of entities and fields, and what has changed.
extension DataHandlers {
    func listChanges(
        _ request: ListMetadataChangesRequest
    ) throws(CausewayError) -> ListMetadataChangesResponse {
        let ids = try ResourceName.ids(of: request.parent, like: "connections/*/entities/*", field: "parent")
        let size = try Paging.size(request.pageSize, default: 50, limit: 200)
        let before = try Paging.number(request.pageToken)
        let page = try queries.metadataChanges(ids[0], ids[1], before: before, limit: size)
        var response = ListMetadataChangesResponse()
        response.changes = page.changes.map { MetadataChange($0.change, of: ids[0]) }
        if let next = page.next { response.nextPageToken = Paging.token(String(next)) }
        return response
    }

    func update(_ request: UpdateEntityRequest) async throws(CausewayError) -> Entity {
        guard let given = request.entity else { throw .invalid("entity", "it is missing.") }
        let ids = try ResourceName.ids(of: given.name, like: "connections/*/entities/*", field: "entity.name")
        _ = try Self.paths(request.updateMask, ["display_name"], given: ["display_name"])
        try Self.check(given.displayName, "entity.display_name")
        let connection = try supervisor.directory.connection(ids[0])
        try await connection.updateEntity(ids[1], displayName: given.displayName)
        return Entity(try queries.entity(ids[0], ids[1]), of: ids[0])
    }

    func update(_ request: UpdateFieldRequest) async throws(CausewayError) -> Field {
        guard let given = request.field else { throw .invalid("field", "it is missing.") }
        let ids = try ResourceName.ids(
            of: given.name, like: "connections/*/entities/*/fields/**", field: "field.name")
        let set = [
            ("display_name", !given.displayName.isEmpty), ("required", given.required), ("read_only", given.readOnly),
            ("sensitive", given.sensitive),
        ]
        let paths = try Self.paths(
            request.updateMask, ["display_name", "required", "read_only", "sensitive"],
            given: Set(set.filter(\.1).map(\.0)))
        try Self.check(given.displayName, "field.display_name")
        var edit = FieldEdit()
        if paths.contains("display_name") { edit.displayName = given.displayName }
        if paths.contains("required") { edit.required = given.required }
        if paths.contains("read_only") { edit.readOnly = given.readOnly }
        if paths.contains("sensitive") { edit.sensitive = given.sensitive }
        let connection = try supervisor.directory.connection(ids[0])
        try await connection.updateField(ids[1], ids[2], edit)
        return try field(ids)
    }

    func reload(_ request: ReloadStatisticsRequest) async throws(CausewayError) -> Run {
        let ids: [String]
        if let both = ResourceName.match(request.name, "connections/*/entities/*") {
            ids = both
        } else {
            ids = try ResourceName.ids(of: request.name, like: "connections/*")
        }
        let connection = try supervisor.directory.connection(ids[0])
        return Run(
            try await connection.reloadStatistics(ids.count > 1 ? ids[1] : nil, requestID: request.requestID))
    }

    /// The paths of a mask; absent: those that are given (AIP-134).
    ///
    /// - Throws: ``CausewayError`` (invalid argument) for one that cannot be changed.
    private static func paths(
        _ mask: ProtoFieldMask?, _ changeable: Set<String>, given: Set<String>
    ) throws(CausewayError) -> Set<String> {
        guard let mask, !mask.paths.isEmpty else { return given }
        guard !mask.paths.contains("*") else { return changeable }
        for path in mask.paths where !changeable.contains(path) {
            throw .invalid("update_mask", "\"\(path)\" is not a field that can be changed.")
        }
        return Set(mask.paths)
    }

    private static let longestName = 200

    private static func check(_ name: String, _ field: String) throws(CausewayError) {
        guard name.count <= longestName else {
            throw .invalid(field, "it is longer than \(longestName) characters.")
        }
        guard !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw .invalid(field, "it holds a control character.")
        }
    }
}
