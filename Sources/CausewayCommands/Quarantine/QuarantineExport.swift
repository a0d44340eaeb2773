import ArgumentParser
import CausewayMessages
import Synchronization

/// `causeway quarantine export`.
struct QuarantineExport: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the rows as they stood in their files, oldest first.",
        discussion: """
            The bytes of each row, ended by a newline: to be corrected and fetched again. With --output json, each row \
            is a line with its reason and position. Rows of an entity with a field marked sensitive are left out, in \
            JSON their bytes are, unless --reveal-sensitive is given, which needs the role admin.

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
    @Flag(help: "Write the bytes also where a field of the entity is sensitive.")
    var revealSensitive = false

    func run(in session: Session) async throws {
        let parent = try await session.quarantineParent(name, run)
        let request = ExportQuarantinedRowsRequest.with {
            $0.parent = parent
            $0.revealSensitive = revealSensitive
        }
        let target = try ExportTarget(path, overwrites: force, session.console)
        let counter = ExportCounter(session.console)
        let format = session.console.format
        let withheld = Atomic<Int64>(0)
        try await session.stream(QuarantineServiceMethods.exportQuarantinedRows, request) { row in
            if row.rawWithheld { withheld.add(1, ordering: .relaxed) }
            let bytes = Self.bytes(row, format)
            guard !bytes.isEmpty else { return }
            try target.write(bytes)
            counter.add(1)
        }
        try target.finish()
        counter.finish("row", path)
        let count = withheld.load(ordering: .relaxed)
        guard count > 0 else { return }
        session.console.note(
            "The bytes of \(Wording.count(count, "row")) are withheld, as a field of their entity is marked sensitive: "
                + "--reveal-sensitive.")
    }

    /// The row as it is exported, with a newline at its end; nothing where its bytes are all and are withheld.
    static func bytes(_ row: QuarantinedRow, _ format: OutputFormat) -> [UInt8] {
        let newline = UInt8(ascii: "\n")
        switch format {
        case .json: return Array(row.json(raw: true).written(.compact).utf8) + [newline]
        case .table where row.rawWithheld: return []
        case .table: return row.raw.last == newline ? row.raw : row.raw + [newline]
        }
    }
}
