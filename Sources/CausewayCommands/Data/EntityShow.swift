import ArgumentParser
import CausewayMessages

/// `causeway entity show`.
struct EntityShow: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show an entity with its figures.",
        discussion: """
            Example:
              causeway entity show crm customers
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The entity.") var entity: EntityName

    func run(in session: Session) async throws {
        let found = try await session.call(DataServiceMethods.getEntity) { $0.name = entity.resource(name) }
        try session.console.emit(.entity(found, session.clock))
    }
}
