import ArgumentParser
import CausewayMessages

/// `causeway show`.
struct ConnectionShow: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a connection.",
        discussion: """
            --json prints the document that `apply` reads: what people decide about the connection, without secrets. \
            --output json adds the status that the daemon keeps.

            Examples:
              causeway show crm
              causeway show crm --json > crm.json
              causeway show crm -o json | jq -r .status.state
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Flag(help: "Print the document that `apply` reads.")
    var json = false

    func run(in session: Session) async throws {
        let connection = try await session.connection(name)
        guard json else { return try session.console.emit(.connection(connection, session.clock)) }
        var console = session.console
        console.format = .json
        try console.emit(Report(json: ConnectionDocument.json(of: connection)))
    }
}

extension Session {
    /// Gets a connection.
    func connection(_ name: ConnectionName) async throws -> Connection {
        try await call(ConnectionServiceMethods.getConnection) { $0.name = name.resource }
    }
}
