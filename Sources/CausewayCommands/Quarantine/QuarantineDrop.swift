import ArgumentParser
import CausewayMessages

/// `causeway quarantine drop`.
struct QuarantineDrop: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Drop rows for good.",
        discussion: """
            One row, the rows of one run, or all of a connection. Asks first on a terminal; elsewhere --yes is needed.

            Examples:
              causeway quarantine drop crm --row 17
              causeway quarantine drop crm --run 12
              causeway quarantine drop crm --all --yes
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Option(help: ArgumentHelp("Those of one run.", valueName: "number"))
    var run: RunNumber?
    @Option(help: ArgumentHelp("One row.", valueName: "id"))
    var row: RowID?
    @Flag(help: "All rows of the connection.")
    var all = false
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false

    func validate() throws {
        guard [run != nil, row != nil, all].count(where: { $0 }) == 1 else {
            throw ValidationError("One of --run, --row and --all is needed.")
        }
    }

    func run(in session: Session) async throws {
        let parent: String
        let what: String
        if let row {
            parent = row.resource(name)
            what = "row \(row.number)"
        } else {
            parent = try await session.quarantineParent(name, run)
            what = run == nil ? "all rows in quarantine" : "the rows of \(parent)"
        }
        try Confirmation.require(yes, "Drop \(what) of \(name.id)?", session.prompt)
        let response = try await session.call(QuarantineServiceMethods.dropQuarantinedRows) { $0.parent = parent }
        try session.console.emit(
            Report(
                json: ["droppedRows": .integer(response.droppedRows)],
                notes: ["Dropped \(Wording.count(response.droppedRows, "row"))."]))
    }
}
