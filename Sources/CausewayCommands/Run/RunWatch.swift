import ArgumentParser
import CausewayMessages

/// `causeway run watch`.
struct RunWatch: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Watch a run to its end.",
        discussion: """
            As `causeway fetch` does, with the same exit status; a run that has ended is shown at once.

            Examples:
              causeway run watch crm
              causeway run watch crm 12 -o json
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The run's number; the latest if none is given.")
    var number: RunNumber = .latest

    func run(in session: Session) async throws {
        try await session.follow(try await session.run(number, of: name))
    }
}
