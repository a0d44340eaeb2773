import ArgumentParser
import CausewayMessages

/// `causeway entity edit`.
struct EntityEdit: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Give an entity a display name.",
        discussion: """
            Fetches leave it as it is. An empty name takes it back.

            Example:
              causeway entity edit crm customers --display-name 'Customers of the shop'
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The entity.") var entity: EntityName
    @Option(help: "For people.")
    var displayName: String

    func run(in session: Session) async throws {
        let updated = try await session.call(DataServiceMethods.updateEntity) { request in
            request.entity = .with {
                $0.name = entity.resource(name)
                $0.displayName = displayName
            }
            request.updateMask = .with { $0.paths = ["display_name"] }
        }
        try session.console.emit(.edited(updated))
    }
}
