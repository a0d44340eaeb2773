import ArgumentParser
import CausewayMessages

/// `causeway admin version`.
struct AdminVersion: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Show the versions of client, daemon and libraries, and their limits.",
        discussion: """
            Example:
              causeway admin version -o json | jq .libraries
            """)

    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws {
        let version = try await session.call(AdministrationServiceMethods.getVersion, GetVersionRequest())
        try session.console.emit(.version(version, client: CausewayTool.version))
    }
}
