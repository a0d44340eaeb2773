import ArgumentParser
import CausewayMessages

/// `causeway catalogue list`.
struct CatalogueList: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List all integrations.",
        discussion: """
            Examples:
              causeway catalogue list
              causeway catalogue list --output json | jq -r '.integrations[].name'
            """)

    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws {
        let found = try await session.list(CatalogueServiceMethods.listIntegrations, ListIntegrationsRequest())
        try session.console.emit(.integrations(found.items, query: ""))
    }
}
