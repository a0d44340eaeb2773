import ArgumentParser
import CausewayMessages

/// `causeway quarantine show`.
struct QuarantineShow: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one row as it stood in the file, and what is wrong with it.",
        discussion: """
            Example:
              causeway quarantine show crm 17
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The row's number; see `causeway quarantine list`.")
    var id: RowID

    func run(in session: Session) async throws {
        let row = try await session.call(QuarantineServiceMethods.getQuarantinedRow) { $0.name = id.resource(name) }
        try session.console.emit(.quarantinedRow(row, session.clock))
    }
}
