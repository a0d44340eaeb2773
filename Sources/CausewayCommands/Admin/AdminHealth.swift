import ArgumentParser
import CausewayMessages

/// `causeway admin health`.
struct AdminHealth: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask whether the daemon serves.",
        discussion: """
            Ends with status 0 when it does, 1 when it starts or stops, 69 when it cannot be reached.

            Example:
              until causeway admin health --quiet; do sleep 1; done
            """)

    @OptionGroup var global: GlobalOptions

    func run(in session: Session) async throws {
        let health = try await session.call(AdministrationServiceMethods.getHealth, GetHealthRequest())
        try session.console.emit(.health(health))
        try Exit.with(health.status == .serving ? .success : .negative)
    }
}
