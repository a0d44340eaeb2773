import ArgumentParser
import CausewayCore
@preconcurrency import Glibc

/// The program `causeway`.
package enum CausewayTool {
    /// Of this build.
    package static let version = "0.1.0"

    /// Answers what needs neither commands nor daemon, so that it costs next to nothing.
    ///
    /// - Returns: whether there was such a question.
    package static func answersAtOnce(_ arguments: some Collection<String>) -> Bool {
        guard arguments.count == 1, arguments.first == "--version" else { return false }
        puts(version)
        return true
    }

    /// Runs the command that the arguments name.
    ///
    /// - Returns: the exit status.
    package static func run(_ arguments: [String]) async -> Int32 {
        do {
            var command = try await Causeway.asyncParseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return ExitStatus.success.rawValue
        } catch {
            return report(error, wantsJSON: wantsJSON(arguments))
        }
    }

    /// Prints an error where it belongs.
    private static func report(_ error: any Error, wantsJSON: Bool) -> Int32 {
        switch error {
        case let exit as Exit: return exit.status.rawValue
        case let failure as Failure: return report(failure, wantsJSON)
        case let error as CausewayError: return report(Failure(error), wantsJSON)
        case is CancellationError: return report(.interrupted, wantsJSON)
        default: break
        }
        let code = Causeway.exitCode(for: error)
        let text = Causeway.fullMessage(for: error)
        guard !code.isSuccess else {
            // Help, the version, and completion scripts.
            try? Descriptor.write(Array((text + "\n").utf8), to: STDOUT_FILENO)
            return ExitStatus.success.rawValue
        }
        let message = Causeway.message(for: error)
        guard !wantsJSON, !message.isEmpty else {
            return report(.usage(message.isEmpty ? text : message), wantsJSON)
        }
        let lines = text.split(separator: "\n").map { $0.trimmingSpaces() }
        let hints = lines.filter { $0.hasPrefix("Usage:") || $0.hasPrefix("See ") }
        return report(.usage(message, hints: hints), false)
    }

    private static func report(_ failure: Failure, _ wantsJSON: Bool) -> Int32 {
        let screen = Screen.of(STDERR_FILENO)
        let text =
            wantsJSON ? failure.json.written(.indented) : failure.lines(colours: screen.colours).joined(separator: "\n")
        try? Descriptor.write(Array((text + "\n").utf8), to: STDERR_FILENO)
        return failure.status.rawValue
    }

    /// Whether the arguments ask for JSON; also true where they could not be parsed.
    static func wantsJSON(_ arguments: [String]) -> Bool {
        for (index, argument) in arguments.enumerated() {
            if ["--output=json", "-ojson", "-o=json"].contains(argument) { return true }
            if ["--output", "-o"].contains(argument), index + 1 < arguments.count, arguments[index + 1] == "json" {
                return true
            }
        }
        return false
    }
}
