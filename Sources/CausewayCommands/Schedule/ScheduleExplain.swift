import ArgumentParser
import CausewayMessages

/// `causeway schedule explain`.
struct ScheduleExplain: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show the next firings of a schedule and why, and the slots skipped lately.",
        discussion: """
            With a schedule after the name, explains that one and changes nothing.

            Examples:
              causeway schedule explain crm
              causeway schedule explain crm --count 20 daily 02:30 America/New_York
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: ArgumentHelp("Explain this schedule instead of the kept one.", valueName: "schedule"))
    var words: [String] = []
    @Option(help: "How many firings, at most 100.")
    var count: Limit = Limit(5)

    func run(in session: Session) async throws {
        let request = try ExplainScheduleRequest.with { request throws(Failure) in
            request.name = name.resource
            request.count = Int32(min(count.count, 100))
            if !words.isEmpty { request.schedule = try ScheduleText.parse(words.joined(separator: " ")) }
        }
        let response = try await session.call(ConnectionServiceMethods.explainSchedule, request)
        try session.console.emit(.schedule(response, session.clock))
    }
}
