import ArgumentParser
import CausewayMessages

/// `causeway quarantine list`.
struct QuarantineList: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List rows in quarantine, latest first.",
        discussion: """
            Examples:
              causeway quarantine list crm
              causeway quarantine list crm --run 12
              causeway quarantine list crm -o json | jq -r '.quarantinedRows[].reason'
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Option(help: ArgumentHelp("Only those of one run.", valueName: "number"))
    var run: RunNumber?
    @Option(help: "How many rows.")
    var limit: Limit = Limit(50)

    func run(in session: Session) async throws {
        let parent = try await session.quarantineParent(name, run)
        let request = ListQuarantinedRowsRequest.with { $0.parent = parent }
        let found = try await session.list(
            QuarantineServiceMethods.listQuarantinedRows, request, limit: limit.count)
        try session.console.emit(.quarantine(found.items, hasMore: found.hasMore, session.clock))
    }
}

extension Session {
    /// The resource whose rows are meant: the connection, or one of its runs.
    func quarantineParent(_ name: ConnectionName, _ number: RunNumber?) async throws -> String {
        guard let number else { return name.resource }
        guard number == .latest else { return number.resource(name) }
        return try await run(number, of: name).name
    }
}
