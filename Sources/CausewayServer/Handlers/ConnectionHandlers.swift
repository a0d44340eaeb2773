import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayWire
import Crypto

/// ConnectionService.
struct ConnectionHandlers: Sendable {
    let supervisor: Supervisor

    func register(in registry: inout MethodRegistry) {
        registry.unary(ConnectionServiceMethods.createConnection) { request, _ in try await create(request) }
        registry.unary(ConnectionServiceMethods.testConnection) { request, _ in try await test(request) }
        registry.unary(ConnectionServiceMethods.getConnection, on: .loop) { request, _ in
            Connection(try await connection(request.name).view())
        }
        registry.unary(ConnectionServiceMethods.listConnections) { request, _ in try await list(request) }
        registry.unary(ConnectionServiceMethods.updateConnection) { request, _ in try await update(request) }
        registry.unary(ConnectionServiceMethods.reconnectConnection) { request, _ in
            Connection(
                try await connection(request.name).reconnect(
                    signInMethod: request.signInMethod, credentials: secrets(request.credentials),
                    settings: try settings(request.settings, "settings"), skipTest: request.skipTest))
        }
        registry.unary(ConnectionServiceMethods.pauseConnection) { request, _ in
            Connection(try await connection(request.name).pause())
        }
        registry.unary(ConnectionServiceMethods.resumeConnection) { request, _ in
            Connection(try await connection(request.name).resume())
        }
        registry.unary(ConnectionServiceMethods.deleteConnection) { request, _ in
            let id = try ResourceName.ids(of: request.name, like: "connections/*")[0]
            try await supervisor.deleteConnection(id, etag: request.etag)
            return ProtoEmpty()
        }
        registry.unary(ConnectionServiceMethods.explainSchedule) { request, _ in try await explain(request) }
    }

    private func connection(_ name: String) throws(CausewayError) -> CausewayEngine.Connection {
        try supervisor.directory.connection(ResourceName.ids(of: name, like: "connections/*")[0])
    }

    private func secrets(_ credentials: [String: [UInt8]]) -> [String: Secret] { credentials.mapValues { Secret($0) } }

    private func draft(
        _ message: Connection, id: String, credentials: [String: [UInt8]]
    ) throws(CausewayError) -> ConnectionDraft {
        let integration = try ResourceName.ids(
            of: message.integration, like: "integrations/*", field: "connection.integration")[0]
        let schedule = try message.schedule?.value(anchor: supervisor.context.environment.clock.now)
        return ConnectionDraft(
            id: id, displayName: message.displayName, integration: integration,
            direction: CausewayCore.Direction(rawValue: message.direction.rawValue) ?? .inbound,
            signInMethod: message.signInMethod, settings: try settings(message.settings, "connection.settings"),
            entities: try entitySettings(message.entities, "connection.entities"), schedule: schedule ?? .manual,
            credentials: secrets(credentials))
    }

    private func create(_ request: CreateConnectionRequest) async throws(CausewayError) -> Connection {
        guard let message = request.connection else { throw .invalid("connection", "it is missing.") }
        let digest = request.requestID.isEmpty ? [] : try digest(of: request)
        let view = try await supervisor.createConnection(
            try draft(message, id: request.connectionID, credentials: request.credentials),
            requestID: request.requestID, digest: digest, validateOnly: request.validateOnly,
            skipTest: request.skipTest)
        return Connection(view)
    }

    /// Of all but the credentials: a hash that is kept must not be a way to guess them.
    private func digest(of request: CreateConnectionRequest) throws(CausewayError) -> [UInt8] {
        var shown = request
        shown.credentials = [:]
        return Array(SHA256.hash(data: try shown.wireBytes()))
    }

    private func test(_ request: TestConnectionRequest) async throws(CausewayError) -> TestConnectionResponse {
        let report: TestReport
        if request.name.isEmpty {
            guard let message = request.connection else {
                throw .invalid("name", "neither a name nor a connection is given.")
            }
            report = try await supervisor.test(try draft(message, id: "test", credentials: request.credentials))
        } else {
            let credentials = request.credentials.isEmpty ? nil : secrets(request.credentials)
            report = try await connection(request.name).test(credentials: credentials)
        }
        // A host that is not known yet is an error, for its fingerprint is what the caller has to decide on.
        if let failure = report.failure, failure.reason.hasPrefix("HOST_KEY_") { throw failure }
        var response = TestConnectionResponse()
        response.passed = report.passed
        response.steps = report.steps.map { step in
            TestConnectionResponse.Step.with {
                $0.title = step.title
                $0.passed = step.passed
                $0.detail = step.detail
            }
        }
        return response
    }

    private func list(_ request: ListConnectionsRequest) async throws(CausewayError) -> ListConnectionsResponse {
        let size = try Paging.size(request.pageSize, default: 50, limit: 200)
        let page = try await supervisor.connections(after: try Paging.key(request.pageToken), limit: size)
        var response = ListConnectionsResponse()
        response.connections = page.views.map { Connection($0) }
        if let next = page.next { response.nextPageToken = Paging.token(next) }
        return response
    }

    private func update(_ request: UpdateConnectionRequest) async throws(CausewayError) -> Connection {
        guard let message = request.connection else { throw .invalid("connection", "it is missing.") }
        let connection = try connection(message.name)
        let mask = ConnectionMask(request.updateMask, message)
        var change = ConnectionChange()
        change.etag = message.etag
        for path in mask.paths {
            switch path {
            case "display_name": change.displayName = message.displayName
            case "sign_in_method": change.signInMethod = message.signInMethod
            case "schedule":
                let now = supervisor.context.environment.clock.now
                change.schedule = try message.schedule?.value(anchor: now) ?? .manual
            case "settings": change.settings = try settings(message.settings, "connection.settings")
            case "entities": change.entities = try entitySettings(message.entities, "connection.entities")
            default:
                guard path.hasPrefix("settings.") else {
                    throw .invalid("update_mask", "\"\(path)\" is not a field that can be changed.")
                }
                let name = String(path.dropFirst("settings.".count))
                change.someSettings[name] = .some(try message.settings[name]?.value("connection.\(path)"))
            }
        }
        return Connection(try await connection.update(change, validateOnly: request.validateOnly))
    }

    private func explain(_ request: ExplainScheduleRequest) async throws(CausewayError) -> ExplainScheduleResponse {
        guard (0...100).contains(request.count) else { throw .invalid("count", "it is not between 0 and 100.") }
        let connection = try connection(request.name)
        let now = supervisor.context.environment.clock.now
        let explanation = try await connection.explainSchedule(
            try request.schedule?.value(anchor: now, field: "schedule"),
            count: request.count == 0 ? 5 : Int(request.count))
        var response = ExplainScheduleResponse()
        response.summary = explanation.summary
        response.firings = explanation.firings.map { firing in
            ExplainScheduleResponse.Firing.with {
                $0.time = ProtoTimestamp(firing.time)
                $0.localTime = firing.localTime
                $0.reason = firing.reason
            }
        }
        response.skippedSlots = explanation.skipped.map { entry in
            ExplainScheduleResponse.SkippedSlot.with {
                $0.time = ProtoTimestamp(entry.slot)
                $0.reason =
                    entry.value.count > 1
                    ? "\(entry.value.reason) (this and \(entry.value.count - 1) after it)" : entry.value.reason
            }
        }
        return response
    }
}

/// Which fields an update is about, by AIP-134: those of the mask, or without one all that are given.
private struct ConnectionMask {
    let paths: [String]

    init(_ mask: ProtoFieldMask?, _ message: Connection) {
        if let mask, !mask.paths.isEmpty {
            paths =
                mask.paths == ["*"]
                ? ["display_name", "sign_in_method", "schedule", "settings", "entities"] : mask.paths
            return
        }
        var given: [String] = []
        if !message.displayName.isEmpty { given.append("display_name") }
        if !message.signInMethod.isEmpty { given.append("sign_in_method") }
        if message.schedule != nil { given.append("schedule") }
        if !message.settings.isEmpty { given.append("settings") }
        if !message.entities.isEmpty { given.append("entities") }
        paths = given
    }
}
