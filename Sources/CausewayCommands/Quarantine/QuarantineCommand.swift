import ArgumentParser
import CausewayCore

/// `causeway quarantine`.
struct QuarantineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine",
        abstract: "Rows that could not be taken, with the reason and their bytes.",
        subcommands: [
            QuarantineList.self, QuarantineShow.self, QuarantineExport.self, QuarantineRetry.self, QuarantineDrop.self,
        ])
}

/// A row in quarantine on the command line: its number.
struct RowID: ExpressibleByArgument, Hashable, Sendable {
    var number: UInt64

    init?(argument: String) {
        guard let number = UInt64(argument) else { return nil }
        self.number = number
    }

    /// "connections/crm/quarantinedRows/17".
    func resource(_ connection: ConnectionName) -> String { ResourceName.quarantinedRow(connection.id, number) }
}
