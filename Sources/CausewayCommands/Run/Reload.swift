import ArgumentParser
import CausewayMessages

/// `causeway reload`.
struct Reload: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Count all figures anew from the records.",
        discussion: """
            The figures are current without it; this proves it. Watches the run to its end as `causeway fetch` does, \
            with the same exit status.

            Examples:
              causeway reload crm
              causeway reload crm customers
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Argument(help: "The entity; all of the connection's if none is given.") var entity: EntityName?
    @OptionGroup var start: StartOptions

    func run(in session: Session) async throws {
        try await session.start(name, noWait: start.noWait) {
            try await session.call(DataServiceMethods.reloadStatistics) {
                $0.name = entity?.resource(name) ?? name.resource
                $0.requestID = start.requestID ?? RequestID.make()
            }
        }
    }
}
