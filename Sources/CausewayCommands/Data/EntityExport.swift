import ArgumentParser
import CausewayMessages

/// `causeway entity export`.
struct EntityExport: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write all records of an entity as CSV or JSON lines.",
        discussion: """
            In the order of their import, to stdout or a file. A file appears under its name only when it is whole; \
            one that exists is overwritten only with --force. Values of fields marked sensitive are left empty \
            unless --reveal-sensitive is given, which needs the role admin.

            Examples:
              causeway entity export crm customers > customers.csv
              causeway entity export crm customers --format jsonl --to customers.jsonl
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The entity.") var entity: EntityName
    @Option(help: "csv or jsonl.")
    var format: ExportFormat = .csv
    @Option(name: .customLong("to"), help: ArgumentHelp("Write to a file.", valueName: "path"), completion: .file())
    var path: String?
    @Flag(help: "Overwrite the file.")
    var force = false
    @Flag(help: "Write the values of sensitive fields too.")
    var revealSensitive = false

    func run(in session: Session) async throws {
        let request = ExportRecordsRequest.with {
            $0.parent = entity.resource(name)
            $0.format = format.format
            $0.revealSensitive = revealSensitive
        }
        let target = try ExportTarget(path, overwrites: force, session.console)
        let counter = ExportCounter(session.console)
        try await session.stream(DataServiceMethods.exportRecords, request) { piece in
            try target.write(piece.content)
            counter.show(piece.recordCount)
        }
        try target.finish()
        counter.finish("record", target.path)
    }
}

/// A format on the command line.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case csv, jsonl

    var format: ExportRecordsRequest.Format {
        switch self {
        case .csv: .csv
        case .jsonl: .jsonLines
        }
    }
}
