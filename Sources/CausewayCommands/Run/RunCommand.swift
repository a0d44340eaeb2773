import ArgumentParser

/// `causeway run`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs of connections: what they did, what they said, how to stop them.",
        subcommands: [RunList.self, RunShow.self, RunLog.self, RunWatch.self, RunCancel.self])
}
