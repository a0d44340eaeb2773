import ArgumentParser
import CausewayMessages

/// `causeway run log`.
struct RunLog: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Print what a run said, oldest first.",
        discussion: """
            --follow waits for more until the run has ended. With --output json, each entry is a line.

            Examples:
              causeway run log crm
              causeway run log crm 12 --level warning
              causeway run log crm --follow
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The run's number; the latest if none is given.")
    var number: RunNumber = .latest
    @Option(help: "Leave out what matters less: debug, info, warning or error.")
    var level: LogLevel = .info
    @Flag(name: .shortAndLong, help: "Go on until the run has ended.")
    var follow = false

    func run(in session: Session) async throws {
        var run = try await session.run(number, of: name)
        var printed = 0
        while true {
            let isLast = !follow || run.state.hasEnded
            let entries = try await entries(of: run, session)
            for entry in entries.dropFirst(printed) {
                let lines = [entry.line(session.clock, colours: session.console.out.colours)]
                try session.console.item(entry.json, lines)
            }
            printed = max(printed, entries.count)
            guard !isLast else { break }
            try await Task.sleep(for: .milliseconds(500))
            run = try await session.call(RunServiceMethods.getRun) { $0.name = run.name }
        }
        if printed == 0 { session.console.note("Run \(run.number) said nothing of this level.") }
    }

    private func entries(of run: Run, _ session: Session) async throws -> [LogEntry] {
        let request = ListLogEntriesRequest.with {
            $0.parent = run.name
            $0.minimumLevel = level.level
        }
        return try await session.list(RunServiceMethods.listLogEntries, request).items
    }
}

/// A level on the command line.
enum LogLevel: String, ExpressibleByArgument, CaseIterable, Sendable {
    case debug, info, warning, error

    var level: LogEntry.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        }
    }
}
