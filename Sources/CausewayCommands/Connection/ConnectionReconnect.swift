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
            together, after a test with the new ones. With --accept-host-key or --set and no secret, the credentials \
            stay and only these settings change.

            Examples:
              causeway reconnect crm
              causeway reconnect crm --secret-file password=/run/secrets/crm
              causeway reconnect crm --sign-in key --secret-file private_key=id_ed25519
              causeway reconnect crm \\
                --accept-host-key SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8
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
        let prompt = session.prompt.unless(noInput)
        let sources = try secrets.sources()
        var credentials = Credentials()
        try credentials.read(sources, set, session.console)
        // Without credentials those that are kept stay, and only the settings change.
        let keepsCredentials = sources.isEmpty && signIn == nil && (acceptHostKey != nil || !values.isEmpty)
        if !keepsCredentials {
            if prompt.isPossible { try credentials.ask(prompt, set) }
            try credentials.checkComplete(set)
        }
        let request = ReconnectConnectionRequest.with {
            $0.name = name.resource
            $0.signInMethod = method?.id ?? ""
            $0.credentials = credentials.bytes
            $0.settings = values.pinning(acceptHostKey)
            $0.skipTest = skipTest
        }
        let connection = try await HostKey.confirming(prompt, isGiven: acceptHostKey != nil) { fingerprint in
            var attempt = request
            attempt.settings = request.settings.pinning(fingerprint)
            return try await session.busy("Testing the connection") {
                try await session.call(ConnectionServiceMethods.reconnectConnection, attempt)
            }
        }
        try session.console.emit(.done("Reconnected \(name.id).", connection))
    }
}
