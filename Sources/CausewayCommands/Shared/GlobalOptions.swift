import ArgumentParser
import CausewayCore

/// What every command understands.
struct GlobalOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The daemon's socket.",
            discussion: """
                Otherwise $CAUSEWAY_SOCKET, that of your own daemon if there is one, or /run/causeway/causeway.sock.
                """,
            valueName: "path"),
        completion: .file())
    var socket: String?

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("How data is printed: table or json.", valueName: "format"))
    var output: OutputFormat = .table

    @Option(
        help: ArgumentHelp("How long to wait for an answer: 30s, 5m. Watching has no limit.", valueName: "duration"))
    var timeout: TimeLimit?

    @Flag(name: .shortAndLong, help: "Print names only, no hints and no progress.")
    var quiet = false

    /// The console for these options.
    var console: Console { .standard(format: output, isQuiet: quiet) }
}

extension OutputFormat: ExpressibleByArgument {}

/// A length of time as it is written on the command line.
struct TimeLimit: ExpressibleByArgument, Hashable, Sendable {
    /// More than nothing.
    var duration: Duration

    init?(argument: String) {
        guard let duration = Duration(text: argument), duration > .zero else { return nil }
        self.duration = duration
    }
}
