import ArgumentParser
import CausewayCore

/// A command that talks to the daemon.
protocol SessionCommand: AsyncParsableCommand {
    var global: GlobalOptions { get }

    /// Does the work. What it throws becomes a message on stderr and the exit status.
    func run(in session: Session) async throws
}

extension SessionCommand {
    func run() async throws {
        let console = global.console
        try await ClientDaemon.withDaemon(global) { daemon in
            let session = Session(
                daemon: daemon, console: console, prompt: .terminal(console), clock: .system(),
                timeout: global.timeout?.duration)
            try await run(in: session)
        }
    }
}

/// The end of a command that has said all it has to say, with the status of its outcome.
struct Exit: Error, Hashable, Sendable {
    var status: ExitStatus

    /// Throws unless the status is success.
    static func with(_ status: ExitStatus) throws { if status != .success { throw Exit(status: status) } }
}
