import ArgumentParser
import CausewayMessages

/// `causeway entity show`.
struct EntityShow: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show an entity with its figures and metadata.",
        discussion: """
            Records, data quality, what was fetched on each of the last 7 days, and a line for each field. A field \
            that the last fetch did not find is shown faint.

            Examples:
              causeway entity show crm customers
              causeway entity show crm customers -o json | jq .dataQuality
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The entity.") var entity: EntityName

    func run(in session: Session) async throws {
        let found = try await session.call(DataServiceMethods.getEntity) { $0.name = entity.resource(name) }
        let request = ListFieldsRequest.with { $0.parent = entity.resource(name) }
        let fields = try await session.list(DataServiceMethods.listFields, request)
        try session.console.emit(.entity(found, session.clock, fields: fields.items))
    }
}
