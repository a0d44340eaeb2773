import CausewayCore
import CausewayMessages

/// A connection as a document: what `show --json` prints and `apply` reads.
///
/// The document is the whole of what people decide about a connection; what it leaves out has its default. It holds no
/// secret: a credential is `{"kept": true}`, or is read by `apply` from a `{"file": PATH}` or `{"environment": NAME}`.
/// What only the daemon decides is under `status`, which `apply` passes over.
struct ConnectionDocument: Sendable {
    /// Where a credential of a document comes from.
    enum CredentialSource: Hashable, Sendable {
        /// The daemon has it and keeps it.
        case kept
        case file(String)
        case environment(String)
    }

    static let apiVersion = "causeway/v1"
    static let kind = "Connection"
    /// The largest document that is read, in bytes.
    static let maximumSize = 4 << 20

    /// The id, without "connections/".
    var name: String
    var displayName: String?
    /// The id, without "integrations/".
    var integration: String
    var direction: Direction
    /// nil: the integration's first.
    var signInMethod: String?
    /// By their names, not yet read by the integration's spec.
    var settings: JSONValue?
    var entities: [(id: String, settings: JSONValue?)]
    var schedule: Schedule
    var credentials: [String: CredentialSource]

    /// Reads a document. Members that it may not have are refused, so that no typing mistake is passed over.
    init(_ json: JSONValue) throws(Failure) {
        var root = try DocumentReader(json, "")
        try root.expect("apiVersion", Self.apiVersion)
        try root.expect("kind", Self.kind)
        root.pass("status")
        var metadata = try root.object("metadata")
        var spec = try root.object("spec")
        try root.finish()

        name = try metadata.requiredText("name")
        guard ResourceName.isConnectionID(name) else {
            throw Failure(.dataError, "metadata.name: \"\(name)\" is no name of a connection.", hints: [Self.nameRule])
        }
        displayName = try metadata.text("displayName")
        try metadata.finish()

        integration = try spec.requiredText("integration")
        direction = try Self.direction(spec.text("direction"))
        signInMethod = try spec.text("signInMethod")
        settings = spec.take("settings")
        schedule = try Self.schedule(spec.take("schedule"))
        entities = try Self.entities(spec.take("entities"))
        credentials = try Self.credentials(spec.take("credentials"))
        try spec.finish()
    }

    static let nameRule = "Lower-case letters, digits and hyphens, first a letter, at most 63 characters."

    /// The connection that the document describes.
    func connection(_ integration: Integration) throws(Failure) -> Connection {
        let method = try SignInChoice.method(signInMethod, of: integration)
        var connection = Connection()
        connection.name = ResourceName.connection(name)
        connection.displayName = displayName ?? ""
        connection.integration = ResourceName.integration(self.integration)
        connection.direction = direction
        connection.signInMethod = method?.id ?? ""
        connection.settings = try SettingSet.connection(integration, method).values(settings, "spec.settings")
        let set = SettingSet.entity(integration)
        for (index, entity) in entities.enumerated() {
            var value = EntitySettings()
            value.entity = entity.id
            value.settings = try set.values(entity.settings, "spec.entities[\(index)].settings")
            connection.entities.append(value)
        }
        connection.schedule = schedule
        return connection
    }

    private static func direction(_ text: String?) throws(Failure) -> Direction {
        switch text {
        case "inbound", nil: .inbound
        case "outbound": .outbound
        default: throw Failure(.dataError, "spec.direction: there are \"inbound\" and \"outbound\".")
        }
    }

    private static func schedule(_ json: JSONValue?) throws(Failure) -> Schedule {
        guard let json else { return .with { $0.kind = .manual(Schedule.Manual()) } }
        var reader = try DocumentReader(json, "spec.schedule")
        var schedule = try ScheduleText.parse(try reader.requiredText("when"))
        schedule.catchUp = try ScheduleText.catchUp(try reader.text("catchUp") ?? "run-once")
        try reader.finish()
        return schedule
    }

    private static func entities(_ json: JSONValue?) throws(Failure) -> [(id: String, settings: JSONValue?)] {
        guard let json else { return [] }
        guard case .array(let items) = json else { throw Failure(.dataError, "spec.entities: a list is expected.") }
        var entities: [(id: String, settings: JSONValue?)] = []
        for (index, item) in items.enumerated() {
            var reader = try DocumentReader(item, "spec.entities[\(index)]")
            let id = try reader.requiredText("entity")
            guard !entities.contains(where: { $0.id == id }) else {
                throw Failure(.dataError, "spec.entities[\(index)]: \"\(id)\" is given twice.")
            }
            entities.append((id, reader.take("settings")))
            try reader.finish()
        }
        return entities
    }

    private static func credentials(_ json: JSONValue?) throws(Failure) -> [String: CredentialSource] {
        guard let json else { return [:] }
        guard case .object(let members) = json else {
            throw Failure(.dataError, "spec.credentials: an object is expected.")
        }
        var credentials: [String: CredentialSource] = [:]
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            var reader = try DocumentReader(value, "spec.credentials.\(name)")
            switch (reader.take("kept"), try reader.text("file"), try reader.text("environment")) {
            case (.boolean(true)?, nil, nil): credentials[name] = .kept
            case (nil, let path?, nil): credentials[name] = .file(path)
            case (nil, nil, let variable?): credentials[name] = .environment(variable)
            default:
                throw Failure(
                    .dataError,
                    "spec.credentials.\(name): one of {\"kept\": true}, {\"file\": PATH} and {\"environment\": NAME}.")
            }
            try reader.finish()
        }
        return credentials
    }
}

extension ConnectionDocument {
    /// The document of a connection.
    ///
    /// - Parameter status: adds what only the daemon decides.
    static func json(of connection: Connection, status: Bool = false) -> JSONValue {
        .members([
            "apiVersion": .string(apiVersion),
            "kind": .string(kind),
            "metadata": .members([
                "name": .string(connection.id),
                "displayName": .text(connection.displayName),
            ]),
            "spec": .members([
                "integration": .string(connection.integrationID),
                "direction": .string(connection.direction.description.lowercased()),
                "signInMethod": .text(connection.signInMethod),
                "settings": .object(connection.settings.mapValues(\.json)),
                "credentials": .object(
                    Dictionary(connection.credentialNames.map { ($0, JSONValue.kept) }) { first, _ in first }),
                "entities": .array(
                    connection.entities.map { entity in
                        ["entity": .string(entity.entity), "settings": .object(entity.settings.mapValues(\.json))]
                    }),
                "schedule": [
                    "when": .string(ScheduleText.text(connection.schedule)),
                    "catchUp": .string(ScheduleText.text(connection.schedule?.catchUp ?? .unspecified)),
                ],
            ]),
            "status": status ? statusJSON(of: connection) : nil,
        ])
    }

    private static func statusJSON(of connection: Connection) -> JSONValue {
        .members([
            "uid": .text(connection.uid),
            "state": .string(connection.state.description),
            "stateReason": .text(connection.stateReason),
            "createTime": .time(connection.createTime),
            "updateTime": .time(connection.updateTime),
            "connectTime": .time(connection.connectTime),
            "nextRunTime": .time(connection.nextRunTime),
            "etag": .text(connection.etag),
            "lastRun": .text(connection.lastRun),
            "currentRun": .text(connection.currentRun),
        ])
    }
}

extension JSONValue {
    /// A credential that the daemon has.
    fileprivate static let kept: JSONValue = ["kept": true]
}

extension Connection {
    /// The part of the name after "connections/".
    var id: String { ResourceName.match(name, "connections/*")?.first ?? name }
    /// The name for people, which is the id where none is set.
    var shownName: String { displayName.isEmpty ? id : displayName }
    /// The part of the integration's name after "integrations/".
    var integrationID: String { ResourceName.match(integration, "integrations/*")?.first ?? integration }
}
