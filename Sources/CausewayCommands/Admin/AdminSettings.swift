import ArgumentParser
import CausewayMessages

/// `causeway admin settings`.
struct AdminSettings: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settings",
        abstract: "The organisation's name and time zone.",
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
            Daily schedules without a time zone of their own follow the organisation's at once.

            Example:
              causeway admin settings set --name 'Acme Ltd' --time-zone Europe/Paris
            """)

    @OptionGroup var global: GlobalOptions
    @Option(name: .customLong("name"), help: "The organisation's name.")
    var displayName: String?
    @Option(help: "An IANA time zone, such as Europe/Paris.")
    var timeZone: String?

    func validate() throws {
        guard displayName != nil || timeZone != nil else { throw ValidationError("Give --name, --time-zone or both.") }
    }

    func run(in session: Session) async throws {
        let request = UpdateOrganisationRequest.with {
            $0.organisation = .with {
                $0.displayName = displayName ?? ""
                $0.timeZone = timeZone ?? ""
            }
            $0.updateMask = .with {
                $0.paths = (displayName == nil ? [] : ["display_name"]) + (timeZone == nil ? [] : ["time_zone"])
            }
        }
        let updated = try await session.call(AdministrationServiceMethods.updateOrganisation, request)
        try session.console.emit(.organisation(updated, session.clock, changed: true))
    }
}
