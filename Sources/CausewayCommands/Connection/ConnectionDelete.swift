import ArgumentParser
import CausewayMessages

/// `causeway delete`.
struct ConnectionDelete: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a connection with all its records, runs and credentials.",
        discussion: """
            Asks first on a terminal; elsewhere --yes is needed.

            Examples:
              causeway delete crm
              causeway delete crm --yes
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    func run(in session: Session) async throws {
        let connection = try await session.connection(name)
        try Confirmation.require(
            yes, "Delete \(name.id) with all its records, runs and credentials?", session.prompt)
        _ = try await session.call(ConnectionServiceMethods.deleteConnection) {
            $0.name = name.resource
            $0.etag = connection.etag
        }
        try session.console.emit(
            Report(
                json: ["name": .string(name.resource), "deleted": true], names: [name.id],
                notes: ["Deleted \(name.id)."]))
    }
}
