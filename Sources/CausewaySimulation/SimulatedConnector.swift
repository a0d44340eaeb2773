import CausewayConnectorKit
import CausewayCore
import CausewayTestKit

/// The world's only integration: each connection reads from a server of its own, and the world sees which runs are at it.
struct SimulatedConnector: Connector {
    let world: WorldState
    let servers: [String: ScriptedFileServer]
    let generation: Int

    var spec: IntegrationSpec {
        IntegrationSpec(
            id: "simulated", title: "Simulated", description: "Files of a simulated world.", directions: [.inbound],
            signInMethods: [
                SignInMethod(
                    id: "password", title: "Password",
                    settings: [SettingSpec("password", label: "Password", .text, secret: true, help: "Any.")])
            ],
            settings: [SettingSpec("server", label: "Server", .text, required: true, help: "Which server.")],
            entitySettings: [
                SettingSpec("folder", label: "Folder", .text, required: true, help: "Where."),
                SettingSpec("primary_key", label: "Key", .textList, help: "Which fields."),
                SettingSpec(
                    "quiet_period", label: "Quiet period", .duration(.zero...(.seconds(3_600))),
                    default: .text("0s"), help: "How long."),
            ],
            capabilities: [.resume])
    }

    func makeFileSource(_ configuration: ConnectorConfiguration) throws(CausewayError) -> any FileSource {
        let name = configuration.settings.text("server") ?? ""
        guard let server = servers[name] else { throw .notFound(name) }
        return WatchedSource(ScriptedFileSource(server), name, world, generation)
    }
}

/// Tells the world when a source is at work.
private actor WatchedSource: FileSource {
    private let source: ScriptedFileSource
    private let name: String
    private let world: WorldState
    private let generation: Int
    private var isOpen = false

    init(_ source: ScriptedFileSource, _ name: String, _ world: WorldState, _ generation: Int) {
        self.source = source
        self.name = name
        self.world = world
        self.generation = generation
    }

    func connect(report: @Sendable (ConnectStep) -> Void) async throws(CausewayError) {
        if !isOpen {
            isOpen = true
            world.opened(name, generation: generation)
        }
        try await source.connect(report: report)
    }
    func list(
        folder: String, page: @Sendable ([RemoteFile]) async throws(CausewayError) -> Void
    ) async throws(CausewayError) { try await source.list(folder: folder, page: page) }
    func stat(_ path: String) async throws(CausewayError) -> RemoteFile { try await source.stat(path) }
    func open(_ path: String, at offset: Int64) async throws(CausewayError) -> any FileReader {
        try await source.open(path, at: offset)
    }
    func move(_ path: String, toFolder folder: String) async throws(CausewayError) -> String {
        try await source.move(path, toFolder: folder)
    }
    func delete(_ path: String) async throws(CausewayError) { try await source.delete(path) }
    func close() async {
        if isOpen {
            isOpen = false
            world.closed(name, generation: generation)
        }
        await source.close()
    }
}
