import ArgumentParser
import CausewayMessages

/// `causeway test`.
struct ConnectionTest: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Try whether a connection works.",
        discussion: """
            Signs in and looks at every entity; writes nothing, here or there. Ends with status 1 when a step fails.

            Examples:
              causeway test crm
              causeway test crm -o json | jq '.steps[] | select(.passed | not)'
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The connection.") var name: ConnectionName

    func run(in session: Session) async throws {
        let response = try await session.busy("Testing \(name.id)") {
            try await session.call(ConnectionServiceMethods.testConnection) { $0.name = name.resource }
        }
        try session.console.emit(.test(response))
        try Exit.with(response.passed ? .success : .negative)
    }
}
