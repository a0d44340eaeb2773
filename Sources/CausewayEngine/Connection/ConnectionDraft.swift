import CausewayConnectorKit
package import CausewayCore
import CausewayMessages

/// What somebody wants a connection to be.
package struct ConnectionDraft: Sendable {
    /// The part of the name after "connections/".
    package var id: String
    package var displayName: String
    package var integration: String
    package var direction: Direction
    /// Empty: the integration's default.
    package var signInMethod: String
    package var settings: Settings
    package var entities: [EntitySettings]
    package var schedule: Schedule
    package var credentials: [String: Secret]

    package init(
        id: String, displayName: String = "", integration: String, direction: Direction = .inbound,
        signInMethod: String = "", settings: Settings, entities: [EntitySettings], schedule: Schedule = .manual,
        credentials: [String: Secret]
    ) {
        self.id = id
        self.displayName = displayName
        self.integration = integration
        self.direction = direction
        self.signInMethod = signInMethod
        self.settings = settings
        self.entities = entities
        self.schedule = schedule
        self.credentials = credentials
    }
}

/// A draft whose every value was found right, with the defaults filled in.
struct CheckedDraft: Sendable {
    var draft: ConnectionDraft
    var configuration: ConnectorConfiguration
    let connector: any Connector

    /// - Throws: ``CausewayError`` (invalid argument) with a violation for each wrong value; not found for an
    ///   integration that is not in the catalogue.
    init(_ draft: ConnectionDraft, context: EngineContext) throws(CausewayError) {
        guard ResourceName.isConnectionID(draft.id) else {
            throw .invalid(
                "connection_id",
                "\"\(draft.id)\" is not a lower-case name of letters, digits and hyphens, 1 to 63 long.")
        }
        connector = try context.environment.catalogue.connector(draft.integration)
        let spec = connector.spec
        guard spec.directions.contains(draft.direction) else {
            throw .invalid("connection.direction", "\(spec.title) cannot be used in this direction.")
        }
        try draft.schedule.validate(with: context.environment.zones, field: "connection.schedule")
        var draft = draft
        configuration = try spec.checked(
            signInMethod: draft.signInMethod, settings: draft.settings, entities: draft.entities,
            credentials: draft.credentials)
        try connector.validate(configuration)
        draft.signInMethod = configuration.signInMethod
        self.draft = draft
    }
}

/// What a test of a connection found, in the order tried.
package struct TestReport: Sendable {
    package struct Step: Hashable, Sendable {
        package var title: String
        package var passed: Bool
        package var detail: String
    }
    package private(set) var steps: [Step] = []
    /// The error of the first step that failed.
    package private(set) var failure: CausewayError?

    package var passed: Bool { failure == nil }

    mutating func passed(_ title: String, _ detail: String) {
        steps.append(Step(title: title, passed: true, detail: detail))
    }

    mutating func failed(_ title: String, _ error: CausewayError) {
        steps.append(Step(title: title, passed: false, detail: error.message))
        failure = failure ?? error
    }
}
