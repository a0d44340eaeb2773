package import ArgumentParser
import CausewayCore
import Glibc
import Logging

/// The command line of the daemon whose parts `Service` puts together.
package struct DaemonCommand<Service: DaemonService>: AsyncParsableCommand {
    package static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "causewayd",
            abstract: "The Causeway daemon: fetches what is connected, on schedule, into its store.",
            discussion: """
                Each setting is taken from its flag, else from its variable in the environment (CAUSEWAY_LOG_LEVEL for \
                --log-level), else from the configuration file. print-config shows what is in force and why.

                It ends in order on SIGTERM or SIGINT: runs stop at their checkpoint and go on after the next start. A \
                second signal ends it at once; nothing that was acknowledged is lost.
                """,
            version: "causewayd \(DaemonVersion.text)",
            subcommands: [RunCommand<Service>.self, PrintConfigurationCommand.self, VerifyStoreCommand<Service>.self],
            defaultSubcommand: RunCommand<Service>.self)
    }

    package init() {}
}

/// The version of the program.
package enum DaemonVersion {
    package static let text = "0.1.0"
}

/// Serves until it is told to end.
package struct RunCommand<Service: DaemonService>: AsyncParsableCommand {
    package static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "run", abstract: "Serve until told to end (the default).",
            discussion: """
                Examples:
                  causewayd
                  causewayd --state-directory /srv/causeway --log-level debug
                  CAUSEWAY_LOG_FORMAT=json causewayd run
                """)
    }

    @OptionGroup var options: ConfigurationOptions

    package init() {}

    package func run() async throws {
        let failures = Hardening.apply()
        let loaded = try options.load()
        let configuration = loaded.configuration
        let environment = ProcessEnvironment.variables()
        let clock = SystemClock()
        let logger = Self.makeLogger(configuration, environment, clock)
        for failure in failures { logger.warning("the process is not hardened", metadata: ["problem": "\(failure)"]) }
        for name in loaded.unknownVariables {
            logger.warning("a variable of the environment is not known", metadata: ["variable": "\(name)"])
        }
        logger.notice(
            "starting",
            metadata: [
                "version": "\(DaemonVersion.text)", "configuration": "\(loaded.file ?? "none")",
                "state_directory": "\(configuration.stateDirectory)",
            ])
        do throws(CausewayError) {
            try await serve(configuration, environment, clock, logger)
        } catch {
            // The log has the reason.
            throw ExitCode(ExitStatus.of(error))
        }
    }

    private func serve(
        _ configuration: DaemonConfiguration, _ environment: [String: String], _ clock: SystemClock, _ logger: Logger
    ) async throws(CausewayError) {
        let shutdown = ShutdownRequest()
        let threads: WorkThreads
        do throws(CausewayError) {
            try Signals.handle { name in
                if !shutdown.begin(.signal(name)) {
                    logger.warning("ending at once", metadata: ["signal": "\(name)"])
                    _exit(ExitStatus.secondSignal)
                }
            }
            try StateFolder.prepare(configuration.stateDirectory)
            threads = try WorkThreads(count: configuration.workThreads)
        } catch {
            logger.critical("the daemon could not start", metadata: error.logMetadata)
            throw error
        }
        try await DaemonShell.run(
            Service.self,
            DaemonContext(
                configuration: configuration, environment: environment, logger: logger, clock: clock,
                random: SystemRandom(), workThreads: threads, spawner: .system(threads),
                notifier: Notifier(environment: environment, process: getpid()), shutdown: shutdown))
    }

    private static func makeLogger(
        _ configuration: DaemonConfiguration, _ environment: [String: String], _ clock: SystemClock
    ) -> Logger {
        let sink = StandardError()
        let isForJournal = StandardError.isJournal(environment)
        return Logger(label: "causewayd") { label in
            DaemonLogHandler(
                label: label, level: configuration.logLevel, format: configuration.logFormat,
                isForJournal: isForJournal, sink: sink, clock: clock)
        }
    }
}
