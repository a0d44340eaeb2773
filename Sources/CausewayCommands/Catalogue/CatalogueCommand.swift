import ArgumentParser

/// `causeway catalogue`.
struct CatalogueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalogue",
        abstract: "What can be connected to.",
        subcommands: [CatalogueList.self, CatalogueSearch.self, CatalogueShow.self])
}
