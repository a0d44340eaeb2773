import ArgumentParser
import CausewayMessages

/// `causeway admin settings`.
struct AdminSettings: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings",
        abstract: "The organisation's name and time zone, and how long things are kept.",
        subcommands: [AdminSettingsShow.self, AdminSettingsSet.self])
}

/// `causeway admin settings show`.
struct AdminSettingsShow: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the settings.",
        discussion: """
            Example:
              causeway admin settings show
            """)

    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws {
        let found = try await session.call(AdministrationServiceMethods.getOrganisation, GetOrganisationRequest())
        try session.console.emit(.organisation(found, session.clock))
    }
}

/// `causeway admin settings set`.
struct AdminSettingsSet: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change settings.",
        discussion: """
            Daily schedules without a time zone of their own follow the organisation's at once. How long things are \
            kept is a number, "default" or "forever"; what is older goes by itself.

            Examples:
              causeway admin settings set --name 'Acme Ltd' --time-zone Europe/Paris
              causeway admin settings set --run-days 365 --log-days 14
              causeway admin settings set --quarantine-rows 50000 --quarantine-days forever
            """)

    @OptionGroup var global: GlobalOptions
    @Option(name: .customLong("name"), help: "The organisation's name.")
    var displayName: String?
    @Option(help: "An IANA time zone, such as Europe/Paris.")
    var timeZone: String?

    @Option(
        help: ArgumentHelp(
            "How long runs are kept after their end; by default at most the last 1,000 of a connection.",
            valueName: "days"))
    var runDays: Keeping?
    @Option(help: ArgumentHelp("How long the logs of runs are kept.", valueName: "days"))
    var logDays: Keeping?
    @Option(help: ArgumentHelp("How long rows stay in quarantine.", valueName: "days"))
    var quarantineDays: Keeping?
    @Option(help: ArgumentHelp("How many rows of a connection stay in quarantine.", valueName: "rows"))
    var quarantineRows: Keeping?

    /// What is given, by its path in the message.
    private var paths: [String] {
        let given = [
            ("display_name", displayName != nil), ("time_zone", timeZone != nil),
            ("retention.run_days", runDays != nil),
            ("retention.log_days", logDays != nil), ("retention.quarantine_days", quarantineDays != nil),
            ("retention.quarantine_rows", quarantineRows != nil),
        ]
        return given.filter(\.1).map(\.0)
    }

    func validate() throws {
        guard !paths.isEmpty else { throw ValidationError("Give --name, --time-zone or how long things are kept.") }
    }

    func run(in session: Session) async throws {
        let request = UpdateOrganisationRequest.with {
            $0.organisation = .with {
                $0.displayName = displayName ?? ""
                $0.timeZone = timeZone ?? ""
                $0.retention = .with {
                    $0.runDays = runDays?.number ?? 0
                    $0.logDays = logDays?.number ?? 0
                    $0.quarantineDays = quarantineDays?.number ?? 0
                    $0.quarantineRows = quarantineRows?.number ?? 0
                }
            }
            $0.updateMask = .with { $0.paths = paths }
        }
        let updated = try await session.call(AdministrationServiceMethods.updateOrganisation, request)
        try session.console.emit(.organisation(updated, session.clock, changed: true))
    }
}

/// How much is kept, on the command line: 1 or more, "default" or "forever".
struct Keeping: ExpressibleByArgument, Hashable, Sendable {
    /// As in the message: 0 is the default, -1 for ever.
    var number: Int64

    init?(argument: String) {
        switch argument {
        case "default": number = 0
        case "forever": number = -1
        default:
            guard let given = Int64(argument), given > 0 else { return nil }
            number = given
        }
    }

    static var allValueStrings: [String] { [] }
    static var defaultCompletionKind: CompletionKind { .list(["default", "forever"]) }
}
