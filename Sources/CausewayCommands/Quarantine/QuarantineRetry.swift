import ArgumentParser
import CausewayMessages

/// `causeway quarantine retry`.
struct QuarantineRetry: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Try rows again with the settings as they are now.",
        discussion: """
            One row, the rows of one run, or all of the connection. Rows that are taken leave quarantine, the others \
            stay. A row never replaces a record that came later than it: it leaves quarantine as superseded, and counts \
            as unchanged. Watches the run to its end as `causeway fetch` does, with the same exit status.

            Examples:
              causeway quarantine retry crm
              causeway quarantine retry crm --run 12
              causeway quarantine retry crm --row 17
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Option(help: ArgumentHelp("Those of one run.", valueName: "number"))
    var run: RunNumber?
    @Option(help: ArgumentHelp("One row.", valueName: "id"))
    var row: RowID?
    @OptionGroup var start: StartOptions

    func validate() throws {
        guard run == nil || row == nil else { throw ValidationError("Give --run or --row, not both.") }
    }

    func run(in session: Session) async throws {
        let parent: String
        if let row { parent = row.resource(name) } else { parent = try await session.quarantineParent(name, run) }
        try await session.start(name, noWait: start.noWait) {
            try await session.call(QuarantineServiceMethods.retryQuarantinedRows) {
                $0.parent = parent
                $0.requestID = start.requestID ?? RequestID.make()
            }
        }
    }
}
