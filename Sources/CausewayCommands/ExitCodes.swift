import ArgumentParser

/// `causeway exit-codes`, and `causeway help exit-codes`.
struct ExitCodes: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exit-codes",
        abstract: "List what the exit status says.",
        discussion: "\nThe status of every command:\n\n"
            + table.lines(width: 72, colours: false).map { "  " + $0 }.joined(separator: "\n"))

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let json: [JSONValue] = ExitStatus.allCases.map { status in
            ["status": .integer(Int64(status.rawValue)), "meaning": .string(status.meaning)]
        }
        try global.console.emit(
            Report(
                json: ["exitCodes": .array(json)], blocks: [.table(Self.table)],
                names: ExitStatus.allCases.map { String($0.rawValue) }))
    }

    private static var table: Table {
        Table(
            columns: [.number("STATUS"), .prose("MEANING")],
            rows: ExitStatus.allCases.map { [.init(String($0.rawValue)), .init($0.meaning)] })
    }
}
