import ArgumentParser

/// `causeway field`.
struct FieldCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "field",
        abstract: "The columns of an entity.",
        subcommands: [FieldList.self, FieldShow.self, FieldEdit.self])
}
