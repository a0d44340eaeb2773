import ArgumentParser
import CausewayMessages

/// `causeway quarantine export`.
struct QuarantineExport: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the rows as they stood in their files, oldest first.",
        discussion: """
            The bytes of each row, ended by a newline: to be corrected and fetched again. With --output json, each row \
            is a line with its reason and position.

            Examples:
              causeway quarantine export crm --run 12 > bad.csv
              causeway quarantine export crm -o json --to bad.jsonl
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Option(help: ArgumentHelp("Only those of one run.", valueName: "number"))
    var run: RunNumber?
    @Option(name: .customLong("to"), help: ArgumentHelp("Write to a file.", valueName: "path"), completion: .file())
    var path: String?
    @Flag(help: "Overwrite the file.")
    var force = false

    func run(in session: Session) async throws {
        let parent = try await session.quarantineParent(name, run)
        let request = ExportQuarantinedRowsRequest.with { $0.parent = parent }
        let target = try ExportTarget(path, overwrites: force, session.console)
        let counter = ExportCounter(session.console)
        let format = session.console.format
        try await session.stream(QuarantineServiceMethods.exportQuarantinedRows, request) { row in
            try target.write(Self.bytes(row, format))
            counter.add(1)
        }
        try target.finish()
        counter.finish("row", path)
    }

    /// The row as it is exported, with a newline at its end.
    static func bytes(_ row: QuarantinedRow, _ format: OutputFormat) -> [UInt8] {
        let newline = UInt8(ascii: "\n")
        switch format {
        case .json: return Array(row.json(raw: true).written(.compact).utf8) + [newline]
        case .table: return row.raw.last == newline ? row.raw : row.raw + [newline]
        }
    }
}
