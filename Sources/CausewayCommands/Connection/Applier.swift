import CausewayCore
import CausewayMessages

/// Makes a connection what a document says.
struct Applier {
    /// What became of one document.
    struct Outcome: Hashable, Sendable {
        enum Action: String, Hashable, Sendable {
            case created, updated, unchanged
        }
        var name: String
        var action: Action
        /// What was changed, a line each.
        var changes: [String]

        var json: JSONValue {
            [
                "name": .string(name), "action": .string(action.rawValue),
                "changes": .array(changes.map(JSONValue.string)),
            ]
        }
        var notes: [String] { ["\(name): \(action.rawValue)"] + changes.map { "  \($0)" } }
    }

    let session: Session
    let prompt: Prompt
    var secrets: [String: SecretSource] = [:]
    var hostKey: String?
    var skipsTest = false
    var isDryRun = false

    init(session: Session, prompt: Prompt) {
        self.session = session
        self.prompt = prompt
    }

    /// Creates or updates; an unchanged document makes no call that changes anything.
    func apply(_ document: ConnectionDocument) async throws -> Outcome {
        let integration = try await session.integration(document.integration)
        let wanted = try document.connection(integration)
        let current: Connection
        do {
            current = try await session.call(ConnectionServiceMethods.getConnection) { $0.name = wanted.name }
        } catch let error as CausewayError where error.code == .notFound {
            return try await create(document, wanted, integration)
        }
        return try await update(document, current, wanted, integration)
    }

    private func create(
        _ document: ConnectionDocument, _ wanted: Connection, _ integration: Integration
    ) async throws -> Outcome {
        let set = SettingSet.connection(integration, try SignInChoice.method(wanted.signInMethod, of: integration))
        var credentials = try credentials(document, set)
        if prompt.isPossible, !credentials.missing(set).isEmpty { try credentials.ask(prompt, set) }
        var interview = Interview(integration, prompt)
        interview.note(missingSecrets: credentials.missing(set))
        try interview.finish()
        var request = CreateConnectionRequest()
        request.connectionID = document.name
        request.connection = wanted
        request.connection?.settings = wanted.settings.pinning(hostKey)
        request.credentials = credentials.bytes
        request.skipTest = skipsTest
        request.validateOnly = isDryRun
        let ready = request
        _ = try await HostKey.confirming(prompt, isGiven: hostKey != nil) { fingerprint in
            var attempt = ready
            attempt.requestID = RequestID.make()
            attempt.connection?.settings = (ready.connection?.settings ?? [:]).pinning(fingerprint)
            return try await session.busy("Testing \(document.name)") {
                try await session.call(ConnectionServiceMethods.createConnection, attempt)
            }
        }
        return Outcome(name: document.name, action: .created, changes: [])
    }

    private func update(
        _ document: ConnectionDocument, _ current: Connection, _ given: Connection, _ integration: Integration
    ) async throws -> Outcome {
        guard current.integration == given.integration, current.direction == given.direction else {
            throw Failure(
                .precondition, "\(document.name) is a connection of another kind: integration and direction stay.",
                hints: ["Delete it first, or take another name."])
        }
        var wanted = given
        // A key that was confirmed stays pinned although documents written before do not know it.
        wanted.settings[HostKey.setting] =
            hostKey.map(HostKey.value) ?? given.settings[HostKey.setting]
            ?? current.settings[HostKey.setting]
        let set = SettingSet.connection(integration, try SignInChoice.method(wanted.signInMethod, of: integration))
        let credentials = try credentials(document, set)
        if !credentials.isEmpty { try credentials.checkComplete(set) }
        let change = ConnectionChange(from: current, to: wanted, integration)
        if !change.isEmpty {
            wanted.etag = current.etag
            let request = UpdateConnectionRequest.with {
                $0.connection = wanted
                $0.updateMask = .with { $0.paths = change.mask }
                $0.validateOnly = isDryRun
            }
            _ = try await session.call(ConnectionServiceMethods.updateConnection, request)
        }
        var lines = change.lines
        if !credentials.isEmpty {
            lines.append("credentials: replaced \(credentials.names.joined(separator: ", "))")
            if !isDryRun { try await reconnect(wanted, credentials) }
        }
        return Outcome(name: document.name, action: lines.isEmpty ? .unchanged : .updated, changes: lines)
    }

    private func reconnect(_ wanted: Connection, _ credentials: Credentials) async throws {
        _ = try await HostKey.confirming(prompt, isGiven: hostKey != nil) { fingerprint in
            let request = ReconnectConnectionRequest.with {
                $0.name = wanted.name
                $0.signInMethod = wanted.signInMethod
                $0.credentials = credentials.bytes
                $0.settings = [:].pinning(fingerprint)
                $0.skipTest = skipsTest
            }
            return try await session.busy("Testing \(wanted.id)") {
                try await session.call(ConnectionServiceMethods.reconnectConnection, request)
            }
        }
    }

    /// Reads the credentials that the document or a flag names; those that are kept are not among them.
    private func credentials(_ document: ConnectionDocument, _ set: SettingSet) throws -> Credentials {
        var sources: [String: SecretSource] = [:]
        for (name, source) in document.credentials {
            switch source {
            case .kept: continue
            case .file(let path): sources[name] = .file(path)
            case .environment(let variable): sources[name] = .environment(variable)
            }
        }
        sources.merge(secrets) { _, flag in flag }
        var credentials = Credentials()
        try credentials.read(sources, set, session.console)
        return credentials
    }
}
