import ArgumentParser

/// `causeway schedule`.
struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "When connections are fetched.",
        subcommands: [ScheduleSet.self, ScheduleExplain.self])
}
