package import ArgumentParser
import CausewayCore
@preconcurrency import Glibc

/// Shows the configuration in force.
package struct PrintConfigurationCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "print-config", abstract: "Print the configuration in force, as a file that can be loaded.",
        discussion: "Example: causewayd print-config > ~/.config/causeway/causewayd.conf")

    @OptionGroup var options: ConfigurationOptions

    package init() {}

    package func run() throws {
        print(try options.load().text, terminator: "")
    }
}

/// Checks a store that nobody has open.
package struct VerifyStoreCommand<Service: DaemonService>: ParsableCommand {
    package static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "verify-store", abstract: "Check a store or a backup that no daemon has open.",
            discussion: """
                Exits with 0 when it is sound. A damaged one ends the check with another code, or with a signal: then it \
                is to be restored from a backup.

                Example: causewayd verify-store /var/lib/causeway/store
                """)
    }

    @Argument(help: "The folder of the store or of the backup.", completion: .directory)
    var path: String

    package init() {}

    package func run() throws {
        _ = Hardening.apply()
        do {
            for line in try Service.verifyStore(at: path) { print(line) }
        } catch {
            let error = CausewayError.wrapping(error)
            fputs("\(error.message)\n", stderr)
            throw ExitCode(ExitStatus.of(error))
        }
    }
}

extension ConfigurationOptions {
    /// Loads the configuration, or ends the program with what is wrong with it.
    func load() throws -> LoadedConfiguration {
        do throws(CausewayError) {
            return try ConfigurationLoader.ofProcess().load(file: config, flags: values)
        } catch {
            fputs("causewayd: \(error.message)\n", stderr)
            throw ExitCode(ExitStatus.of(error))
        }
    }
}

/// How the process ends, by sysexits.h where that has a word for it.
enum ExitStatus {
    static let secondSignal: Int32 = 130

    static func of(_ error: CausewayError) -> Int32 {
        switch error.reason {
        // EX_CONFIG: systemd shows it by name, and restarting does not help.
        case "CONFIGURATION_INVALID", "MASTER_KEY_WRONG", "MASTER_KEY_MISSING", "MASTER_KEY_EXPOSED",
            "MASTER_KEY_MALFORMED", "STATE_DIRECTORY_UNUSABLE":
            78
        default: 1
        }
    }
}
