import ArgumentParser
import CausewayMessages

/// `causeway run list`.
struct RunList: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List a connection's runs, latest first.",
        discussion: """
            Examples:
              causeway run list crm
              causeway run list crm --limit 1 -o json | jq -r '.runs[0].state'
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Option(help: "How many runs.")
    var limit: Limit = Limit(20)

    func run(in session: Session) async throws {
        let request = ListRunsRequest.with { $0.parent = name.resource }
        let found = try await session.list(RunServiceMethods.listRuns, request, limit: limit.count)
        var report = Report.runs(found.items, of: name.id, session.clock)
        if found.hasMore { report.notes.append("There are more: --limit takes more.") }
        try session.console.emit(report)
    }
}
