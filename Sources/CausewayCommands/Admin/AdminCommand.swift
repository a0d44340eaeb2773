import ArgumentParser

/// `causeway admin`.
struct AdminCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin",
        abstract: "The installation itself.",
        subcommands: [
            AdminHealth.self, AdminVersion.self, AdminActors.self, AdminStore.self, AdminBackup.self,
            AdminSettings.self, AdminRotateMasterKey.self,
        ])
}
