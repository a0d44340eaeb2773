import ArgumentParser
import CausewayMessages

/// `causeway run show`.
struct RunShow: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a run with its counters and stages, and why it failed.",
        discussion: """
            The stages overlap: each is shown with the time that it was at work, and how fast it was then. The \
            slowest says what to look at first.

            Examples:
              causeway run show crm
              causeway run show crm 12 -o json | jq .counters
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The run's number; the latest if none is given.")
    var number: RunNumber = .latest

    func run(in session: Session) async throws {
        try session.console.emit(.run(try await session.run(number, of: name), session.clock))
    }
}

extension Session {
    /// Gets a run; the number of the latest is looked up.
    func run(_ number: RunNumber, of name: ConnectionName) async throws -> Run {
        try await call(RunServiceMethods.getRun) { $0.name = number.resource(name) }
    }
}
