import ArgumentParser

/// `causeway`, the root of all commands.
struct Causeway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "causeway",
        abstract: "Fetch records from other systems into Causeway, on schedule or when asked.",
        usage: "causeway <command> [options]",
        discussion: """
            Talks to the daemon causewayd over its Unix socket. Data goes to stdout, everything else to stderr. Every \
            command has --help with examples and --output json; `causeway help exit-codes` lists what the exit status \
            says.

            Start here:
              causeway catalogue list
              causeway connect sftp
              causeway fetch NAME
              causeway overview

            Shell completions:
              causeway --generate-completion-script bash|zsh|fish
            """,
        version: CausewayTool.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Connections",
                subcommands: [
                    CatalogueCommand.self, ConnectionCreate.self, ConnectionList.self, ConnectionShow.self,
                    ConnectionEdit.self, ConnectionApply.self, ConnectionReconnect.self, ConnectionTest.self,
                    ConnectionPause.self, ConnectionResume.self, ConnectionDelete.self, ScheduleCommand.self,
                ]),
            CommandGroup(name: "Runs", subcommands: [Fetch.self, Reload.self, RunCommand.self]),
            CommandGroup(
                name: "Data",
                subcommands: [
                    Overview.self, EntityCommand.self, FieldCommand.self, QuarantineCommand.self,
                ]),
            CommandGroup(name: "Installation", subcommands: [AdminCommand.self, ExitCodes.self]),
        ])
}
