import ArgumentParser
import CausewayCore
import CausewayMessages

/// `causeway catalogue show`.
struct CatalogueShow: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what an integration asks for.",
        discussion: """
            Lists the ways to sign in and every setting with its type, default and meaning.

            Examples:
              causeway catalogue show sftp
              causeway catalogue show sftp -o json | jq '.settings[] | select(.required)'
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(
        help: "The integration, such as sftp.",
        completion: .custom { _, _, _ async -> [String] in await Completions.integrations() })
    var integration: String

    func run(in session: Session) async throws {
        try session.console.emit(.integration(try await session.integration(integration)))
    }
}

extension Session {
    /// Gets an integration by "sftp" or "integrations/sftp".
    func integration(_ id: String) async throws -> Integration {
        let name = id.hasPrefix("integrations/") ? id : ResourceName.integration(id)
        return try await call(CatalogueServiceMethods.getIntegration) { $0.name = name }
    }
}
