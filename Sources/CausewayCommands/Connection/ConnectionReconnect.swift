import ArgumentParser
import CausewayCore
import CausewayMessages

/// `causeway reconnect`.
struct ConnectionReconnect: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconnect",
        abstract: "Replace a connection's credentials, or its pinned host key.",
        discussion: """
            Asks for the secrets that the sign-in method needs and the flags do not give; all of them are replaced \
            together, after a test with the new ones. With --accept-host-key and no secret, only the pinned host key \
            is replaced.

            Examples:
              causeway reconnect crm
              causeway reconnect crm --secret-file password=/run/secrets/crm
              causeway reconnect crm --sign-in key --secret-file private_key=id_ed25519
              causeway reconnect crm --accept-host-key SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup(title: "Secrets") var secrets: SecretOptions
    @Argument(help: "The connection.") var name: ConnectionName
    @Option(help: ArgumentHelp("Another way to sign in.", valueName: "method"))
    var signIn: String?
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Set a setting that changes with the credentials.", valueName: "name=value"))
    var settings: [String] = []
    @Option(help: ArgumentHelp("Trust the server with this host key.", valueName: "fingerprint"))
    var acceptHostKey: String?
    @Flag(help: "Keep the credentials although they may not work.")
    var skipTest = false
    @Flag(help: "Ask nothing.")
    var noInput = false

    func run(in session: Session) async throws {
        let current = try await session.connection(name)
        let integration = try await session.integration(current.integration)
        let method = try SignInChoice.method(signIn ?? current.signInMethod, of: integration)
        let set = SettingSet.connection(integration, method)
        let assignments = try settings.map { try Assignment($0, option: "--set") }
        let values = try set.values(assignments)
        let prompt = Prompt.terminal(session.console, isAllowed: !noInput)
        let sources = try secrets.sources()
        var connection = current
        if let acceptHostKey, sources.isEmpty, signIn == nil, values.isEmpty {
            connection = try await pin(acceptHostKey, current, session)
        } else {
            var credentials = Credentials()
            try credentials.read(sources, set, session.console)
            if prompt.isPossible { try credentials.ask(prompt, set) }
            try credentials.checkComplete(set)
            let request = ReconnectConnectionRequest.with {
                $0.name = name.resource
                $0.signInMethod = method?.id ?? ""
                $0.credentials = credentials.bytes
                $0.settings = values.pinning(acceptHostKey)
                $0.skipTest = skipTest
            }
            connection = try await HostKey.confirming(prompt, isGiven: acceptHostKey != nil) { fingerprint in
                var attempt = request
                attempt.settings = request.settings.pinning(fingerprint)
                return try await session.busy("Testing the connection") {
                    try await session.call(ConnectionServiceMethods.reconnectConnection, attempt)
                }
            }
        }
        try session.console.emit(.done("Reconnected \(name.id).", connection))
    }

    /// Replaces the pinned key and nothing else; the credentials that are kept stay.
    private func pin(_ fingerprint: String, _ current: Connection, _ session: Session) async throws -> Connection {
        let update = UpdateConnectionRequest.with {
            $0.connection = .with {
                $0.name = current.name
                $0.etag = current.etag
                $0.settings = [:].pinning(fingerprint)
            }
            $0.updateMask = .with { $0.paths = ["settings.\(HostKey.setting)"] }
        }
        let updated = try await session.call(ConnectionServiceMethods.updateConnection, update)
        // What the changed key caused is over: the connection goes on where it waited for somebody.
        guard updated.state == .needsReconnect else { return updated }
        return try await session.call(ConnectionServiceMethods.resumeConnection) { $0.name = current.name }
    }
}
