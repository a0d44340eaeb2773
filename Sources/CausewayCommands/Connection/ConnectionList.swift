import ArgumentParser
import CausewayMessages

/// `causeway list`.
struct ConnectionList: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List connections.",
        discussion: """
            Examples:
              causeway list
              causeway list --quiet | xargs -n1 causeway fetch --no-wait
              causeway list -o json > connections.json && causeway apply -f connections.json
            """)

    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws {
        let found = try await session.list(ConnectionServiceMethods.listConnections, ListConnectionsRequest())
        try session.console.emit(.connections(found.items, session.clock))
    }
}
