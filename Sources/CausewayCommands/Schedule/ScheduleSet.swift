import ArgumentParser
import CausewayMessages

/// `causeway schedule set`.
struct ScheduleSet: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Set when a connection is fetched.",
        discussion: """
            A schedule is manual; every 15m (1m or more), counted from now on; or daily 02:30, by the clocks of the \
            organisation or of a time zone. A daily time that a day skips is the first instant after the gap, one \
            that comes twice is the first.

            Examples:
              causeway schedule set crm manual
              causeway schedule set crm every 6h
              causeway schedule set crm 'daily 02:30 Europe/Paris' --catch-up skip
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: ArgumentHelp(ScheduleText.forms, valueName: "schedule"))
    var words: [String]
    @Option(help: ArgumentHelp("After slots missed while the daemon was down: run-once or skip.", valueName: "policy"))
    var catchUp: String?

    func run(in session: Session) async throws {
        let current = try await session.connection(name)
        var schedule = try ScheduleText.parse(words.joined(separator: " "))
        schedule.catchUp = try catchUp.map(ScheduleText.catchUp) ?? current.schedule?.catchUp ?? .runOnce
        let request = UpdateConnectionRequest.with {
            $0.connection = .with {
                $0.name = current.name
                $0.etag = current.etag
                $0.schedule = schedule
            }
            $0.updateMask = .with { $0.paths = ["schedule"] }
        }
        let updated = try await session.call(ConnectionServiceMethods.updateConnection, request)
        let next = updated.nextRunTime.map { " Next run: \(session.clock.long($0.instant))." } ?? ""
        try session.console.emit(
            .done("\(name.id) is fetched \(Self.phrase(updated.schedule)).\(next)", updated))
    }

    private static func phrase(_ schedule: Schedule?) -> String {
        let text = ScheduleText.text(schedule)
        return text == "manual" ? "only when asked" : text
    }
}
