import ArgumentParser
import CausewayMessages

/// `causeway overview`.
struct Overview: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "overview",
        abstract: "Show the figures of a connection.",
        discussion: """
            Records, entities, what was fetched in the last 7 days, null values and completeness. The figures are kept \
            current by every run.

            Examples:
              causeway overview crm
              causeway overview crm -o json | jq .totalRecords
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName

    func run(in session: Session) async throws {
        let overview = try await session.call(DataServiceMethods.getConnectionOverview) { $0.name = name.resource }
        try session.console.emit(.overview(overview, session.clock))
    }
}
