import ArgumentParser
import CausewayCore
import CausewayMessages

/// `causeway field show`.
struct FieldShow: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a field with its figures.",
        discussion: """
            Example:
              causeway field show crm customers email
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The entity.") var entity: EntityName
    @Argument(help: "The field, as the source calls it.")
    var field: String

    func run(in session: Session) async throws {
        let found = try await session.call(DataServiceMethods.getField) {
            $0.name = ResourceName.field(name.id, entity.id, field)
        }
        try session.console.emit(.field(found, session.clock))
    }
}
