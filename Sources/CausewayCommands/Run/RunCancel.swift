import ArgumentParser
import CausewayCore
import CausewayMessages

/// `causeway run cancel`.
struct RunCancel: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Stop the run in progress.",
        discussion: """
            What the run has committed stays. It does not start again before the next scheduled time.

            Examples:
              causeway run cancel crm
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The run's number; the one in progress if none is given.")
    var number: RunNumber?

    func run(in session: Session) async throws {
        let resource: String
        if let number {
            resource = number.resource(name)
        } else {
            resource = try await session.connection(name).currentRun
            guard !resource.isEmpty else {
                throw Failure(.precondition, reason: "NO_RUN", "\(name.id) has no run in progress.")
            }
        }
        let run = try await session.call(RunServiceMethods.cancelRun) { $0.name = resource }
        try session.console.emit(
            Report(
                json: run.json, names: [run.number],
                notes: ["Run \(run.number) \(run.state.word). What it committed stays."]))
    }
}
