package import CausewayCore

/// One kind of system that can be connected to. Implementations are values without state; what a connection needs
/// comes in ``ConnectorConfiguration``.
package protocol Connector: Sendable {
    var spec: IntegrationSpec { get }

    /// What the spec cannot say about a configuration: combinations, forms. Called when settings are given or changed.
    ///
    /// - Throws: ``CausewayError`` (invalid argument) with a violation for each wrong setting.
    func validate(_ configuration: ConnectorConfiguration) throws(CausewayError)

    /// Makes the source of an inbound connection. Does no I/O; the source connects at its first call.
    func makeFileSource(_ configuration: ConnectorConfiguration) throws(CausewayError) -> any FileSource
}

extension Connector {
    package func validate(_ configuration: ConnectorConfiguration) throws(CausewayError) {}
}

/// What a connector gets to know of a connection: settings with their defaults filled in, and opened credentials.
package struct ConnectorConfiguration: Sendable {
    package var signInMethod: String
    package var settings: Settings
    package var entities: [EntitySettings]
    package var credentials: [String: Secret]

    package init(
        signInMethod: String, settings: Settings, entities: [EntitySettings], credentials: [String: Secret]
    ) {
        self.signInMethod = signInMethod
        self.settings = settings
        self.entities = entities
        self.credentials = credentials
    }
}

/// The connectors at hand, by integration id. The engine gets it as a value.
package struct Catalogue: Sendable {
    private let connectors: [String: any Connector]

    package init(_ connectors: [any Connector]) {
        self.connectors = Dictionary(connectors.map { ($0.spec.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// By id.
    package var specs: [IntegrationSpec] { connectors.values.map(\.spec).sorted { $0.id < $1.id } }

    /// - Throws: ``CausewayError`` (not found).
    package func connector(_ id: String) throws(CausewayError) -> any Connector {
        guard let connector = connectors[id] else { throw .notFound(ResourceName.integration(id)) }
        return connector
    }
}
