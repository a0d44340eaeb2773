import ArgumentParser
import CausewayMessages

/// `causeway entity list`.
struct EntityList: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the entities of a connection.",
        discussion: """
            Example:
              causeway entity list crm
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName

    func run(in session: Session) async throws {
        let request = ListEntitiesRequest.with { $0.parent = name.resource }
        let found = try await session.list(DataServiceMethods.listEntities, request)
        try session.console.emit(.entities(found.items, of: name.id, session.clock))
    }
}
