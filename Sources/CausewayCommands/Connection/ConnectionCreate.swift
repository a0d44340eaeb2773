import ArgumentParser
import CausewayCore
import CausewayMessages

/// `causeway connect`.
struct ConnectionCreate: SessionCommand {
    static let configuration = CommandConfiguration(
        commandName: "connect",
        abstract: "Connect to a system.",
        discussion: """
            Asks for what the integration requires and the flags do not give. Without a terminal, or with --no-input, \
            nothing is asked; what is missing is listed with the flags that give it. Secrets never stand on the \
            command line. A server met for the first time shows its host key, which is pinned once confirmed.

            Examples:
              causeway connect sftp
              causeway connect sftp --name crm \\
                --set host=sftp.example.com --set username=acme \\
                --secret-file password=/run/secrets/crm --schedule 'daily 02:30' \\
                --entity 'customers:folder=/in,pattern=*.csv,primary_key=id' \\
                --accept-host-key SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8
              causeway connect sftp --name crm --sign-in key --dry-run \\
                --secret-file private_key=~/.ssh/id_ed25519
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup(title: "Secrets") var secrets: SecretOptions
    @Argument(
        help: "The integration, such as sftp; see `causeway catalogue list`.",
        completion: .custom { _, _, _ async -> [String] in await Completions.integrations() })
    var integration: String
    @Option(help: "The connection's name: lower-case letters, digits and hyphens.")
    var name: ConnectionName?
    @Option(help: "A name for people.")
    var displayName: String?
    @Option(help: ArgumentHelp("The way to sign in; see `causeway catalogue show`.", valueName: "method"))
    var signIn: String?
    @Option(name: .customLong("set"), help: ArgumentHelp("Set a setting.", valueName: "name=value"))
    var settings: [String] = []
    @Option(name: .customLong("entity"), help: ArgumentHelp("Fetch an entity.", valueName: "entity:name=value,…"))
    var entities: [String] = []
    @Option(help: ArgumentHelp("When to fetch: \(ScheduleText.forms).", valueName: "schedule"))
    var schedule: String?
    @Option(help: ArgumentHelp("After slots missed while the daemon was down: run-once or skip.", valueName: "policy"))
    var catchUp: String?
    @Option(help: ArgumentHelp("Trust the server with this host key.", valueName: "fingerprint"))
    var acceptHostKey: String?
    @Flag(help: "Make the connection although it may not work.")
    var skipTest = false
    @Flag(help: "Ask nothing.")
    var noInput = false
    @Flag(help: "Check everything and make nothing.")
    var dryRun = false

    func run(in session: Session) async throws {
        let integration = try await session.integration(self.integration)
        let prompt = session.prompt.unless(noInput)
        var (request, name) = try request(integration, prompt, session.console)
        let connection = try await make(&request, Correction(integration: integration, prompt: prompt), session)
        guard !dryRun else {
            return try session.console.emit(.done("Everything is in order; nothing was made.", connection))
        }
        try session.console.emit(.done("Connected \(name.id). Fetch: causeway fetch \(name.id)", connection))
    }

    /// Asks the daemon for the connection until it is made or nobody has another idea.
    private func make(
        _ request: inout CreateConnectionRequest, _ correction: Correction, _ session: Session
    ) async throws -> Connection {
        while true {
            do {
                return try await attempt(&request, correction.prompt, session)
            } catch let error as CausewayError {
                guard try correction.correct(&request, after: error) else { throw error }
            }
        }
    }

    /// Asks once; a host key that somebody confirms stays in the request.
    private func attempt(
        _ request: inout CreateConnectionRequest, _ prompt: Prompt, _ session: Session
    ) async throws -> Connection {
        try await HostKey.confirming(prompt, isGiven: acceptHostKey != nil) { fingerprint in
            request.requestID = RequestID.make()
            if let settings = request.connection?.settings {
                request.connection?.settings = settings.pinning(fingerprint)
            }
            return try await session.busy(skipTest ? "Connecting" : "Testing the connection") {
                try await session.call(ConnectionServiceMethods.createConnection, request)
            }
        }
    }

    /// All that is needed, from flags and answers.
    private func request(
        _ integration: Integration, _ prompt: Prompt, _ console: Console
    ) throws -> (CreateConnectionRequest, ConnectionName) {
        var interview = Interview(integration, prompt)
        let name = try interview.name(self.name)
        let method = try interview.method(signIn)
        let set = SettingSet.connection(integration, method)
        let assignments = try settings.map { try Assignment($0, option: "--set") }
        let given = try set.values(assignments).pinning(acceptHostKey)
        let values = try interview.settings(given, set) { "--set \($0)=VALUE" }
        var credentials = Credentials()
        try credentials.read(secrets.sources(), set, console)
        if prompt.isPossible { try credentials.ask(prompt, set) }
        interview.note(missingSecrets: credentials.missing(set))
        let entities = try interview.entities(self.entities.map { try EntityOption($0) })
        var schedule = try interview.schedule(schedule)
        if let catchUp { schedule.catchUp = try ScheduleText.catchUp(catchUp) }
        try interview.finish()
        guard let name else { throw Failure.usage("A name is missing.", hints: ["--name NAME"]) }

        var request = CreateConnectionRequest()
        request.connectionID = name.id
        request.credentials = credentials.bytes
        request.validateOnly = dryRun
        request.skipTest = skipTest
        request.connection = .with {
            $0.displayName = displayName ?? ""
            $0.integration = integration.name
            $0.direction = integration.directions.first ?? .inbound
            $0.signInMethod = method?.id ?? ""
            $0.settings = values
            $0.entities = entities
            $0.schedule = schedule
        }
        return (request, name)
    }
}
