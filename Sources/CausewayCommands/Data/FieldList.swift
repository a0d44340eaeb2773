import ArgumentParser
import CausewayMessages

/// `causeway field list`.
struct FieldList: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the fields of an entity in their order.",
        discussion: """
            Example:
              causeway field list crm customers
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The entity.") var entity: EntityName

    func run(in session: Session) async throws {
        let request = ListFieldsRequest.with { $0.parent = entity.resource(name) }
        let found = try await session.list(DataServiceMethods.listFields, request)
        try session.console.emit(.fields(found.items))
    }
}
