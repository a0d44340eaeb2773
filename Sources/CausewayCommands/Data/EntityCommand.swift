import ArgumentParser

/// `causeway entity`.
struct EntityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "entity",
        abstract: "The data sets of a connection, their figures and records.",
        subcommands: [
            EntityList.self, EntityShow.self, EntityRecords.self, EntityExport.self, EntityEdit.self,
            EntityHistory.self, EntityDeleteData.self,
        ])
}
