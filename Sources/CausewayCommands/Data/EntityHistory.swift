import ArgumentParser
import CausewayMessages

/// `causeway entity history`.
struct EntityHistory: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show what changed in an entity's metadata, latest first.",
        discussion: """
            New fields, wider types, fields that a fetch did not find, and edits.

            Examples:
              causeway entity history crm customers
              causeway entity history crm customers -o json | jq '.changes[0].fields'
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The entity.") var entity: EntityName
    @Option(help: "How many changes.")
    var limit: Limit = Limit(50)

    func run(in session: Session) async throws {
        let request = ListMetadataChangesRequest.with { $0.parent = entity.resource(name) }
        let found = try await session.list(DataServiceMethods.listMetadataChanges, request, limit: limit.count)
        try session.console.emit(.metadataChanges(found.items, hasMore: found.hasMore, session.clock))
    }
}
