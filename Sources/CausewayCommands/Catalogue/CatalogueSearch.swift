import ArgumentParser
import CausewayMessages

/// `causeway catalogue search`.
struct CatalogueSearch: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Look for integrations by words.",
        discussion: """
            Shows the integrations whose name, title or description contains each of the words.

            Examples:
              causeway catalogue search file
              causeway catalogue search ssh folder
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "Words to look for; without any, all integrations are shown.")
    var words: [String] = []

    func run(in session: Session) async throws {
        let query = words.joined(separator: " ")
        let request = ListIntegrationsRequest.with { $0.query = query }
        let found = try await session.list(CatalogueServiceMethods.listIntegrations, request)
        try session.console.emit(.integrations(found.items, query: query))
    }
}
