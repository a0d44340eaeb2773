import ArgumentParser
import CausewayMessages

/// `causeway resume`.
struct ConnectionResume: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let scheduled runs start again.",
        discussion: """
            Also gives a connection another try that is parked because its actor failed too often.

            Example:
              causeway resume crm
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName

    func run(in session: Session) async throws {
        let connection = try await session.call(ConnectionServiceMethods.resumeConnection) { $0.name = name.resource }
        let next = connection.nextRunTime.map { " Next run: \(session.clock.long($0.instant))." } ?? ""
        try session.console.emit(.done("Resumed \(name.id).\(next)", connection))
    }
}
