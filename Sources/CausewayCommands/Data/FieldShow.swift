import ArgumentParser
import CausewayCore
import CausewayMessages

/// `causeway field show`.
struct FieldShow: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a field with its figures.",
        discussion: """
            Rows, values, distinct values, minimum and maximum by the field's type, mean, lengths, and the values that \
            occur most often. ≈ marks what is estimated because there are too many distinct values to count each; the \
            bound is said then. Values of a field marked sensitive are masked: •••.

            Examples:
              causeway field show crm customers email
              causeway field show crm customers city --top 50
              causeway field show crm customers country -o json | jq '.topValues[:3]'
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The entity.") var entity: EntityName
    @Argument(help: "The field, as the source calls it.", completion: FieldNames.completion)
    var field: String
    @Option(help: "How many of the most frequent values.")
    var top: Limit = Limit(10)

    func run(in session: Session) async throws {
        let found = try await session.call(DataServiceMethods.getField) {
            $0.name = ResourceName.field(name.id, entity.id, field)
        }
        try session.console.emit(.field(found, session.clock, top: top.count))
    }
}
