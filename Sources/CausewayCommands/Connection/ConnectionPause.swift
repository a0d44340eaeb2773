import ArgumentParser
import CausewayMessages

/// `causeway pause`.
struct ConnectionPause: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Hold scheduled runs.",
        discussion: """
            A run in progress goes on, and `causeway fetch` still works.

            Example:
              causeway pause crm
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName

    func run(in session: Session) async throws {
        let connection = try await session.call(ConnectionServiceMethods.pauseConnection) { $0.name = name.resource }
        try session.console.emit(.done("Paused \(name.id). Go on: causeway resume \(name.id)", connection))
    }
}
