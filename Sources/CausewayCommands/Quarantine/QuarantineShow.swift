import ArgumentParser
import CausewayMessages

/// `causeway quarantine show`.
struct QuarantineShow: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one row as it stood in the file, and what is wrong with it.",
        discussion: """
            Where a field of the entity is marked sensitive the bytes are withheld unless --reveal-sensitive is given, \
            which needs the role admin.

            Example:
              causeway quarantine show crm 17
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The row's number; see `causeway quarantine list`.")
    var id: RowID
    @Flag(help: "Show the bytes also where a field of the entity is sensitive.")
    var revealSensitive = false

    func run(in session: Session) async throws {
        let row = try await session.call(QuarantineServiceMethods.getQuarantinedRow) {
            $0.name = id.resource(name)
            $0.revealSensitive = revealSensitive
        }
        try session.console.emit(.quarantinedRow(row, session.clock))
    }
}
