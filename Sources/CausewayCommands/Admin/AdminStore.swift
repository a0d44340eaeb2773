import ArgumentParser
import CausewayMessages

/// `causeway admin store`.
struct AdminStore: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Show the sizes and counts of the store, and where the bytes are.",
        discussion: """
            By table, and by connection: what its keys and values take. DEAD is, of RECORDS, what replaced records take:
            compaction gives it back after runs, where half of the records of a part of the store are dead.

            Examples:
              causeway admin store
              causeway admin store -o json | jq '.tables[] | [.table, .entries, .bytes]'
            """)

    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws {
        let figures = try await session.call(AdministrationServiceMethods.getStoreFigures, GetStoreFiguresRequest())
        try session.console.emit(.store(figures))
    }
}
