import CausewayCore
import CausewayEngine
package import CausewayMessages
package import CausewayStore
import CausewayWire

/// AdministrationService.
struct AdministrationHandlers: Sendable {
    let supervisor: Supervisor
    let queries: Queries
    let installation: Installation

    func register(in registry: inout MethodRegistry) {
        let isServing = installation.isServing
        registry.immediate(AdministrationServiceMethods.getHealth) { _, _ in
            Health.with { $0.status = isServing() ? .serving : .notServing }
        }
        let version = installation.version
        registry.immediate(AdministrationServiceMethods.getVersion) { _, _ in version }
        registry.unary(AdministrationServiceMethods.getActorTree) { _, _ in
            ActorTree(await supervisor.actorTree(limit: 1_000))
        }
        let figures = installation.storeFigures
        registry.unary(AdministrationServiceMethods.getStoreFigures) { _, _ in
            var answer = StoreFigures(try figures())
            let largest = try await queries.sizes(limit: 100)
            answer.connections = largest.map { ConnectionFigures($0.sizes, of: $0.connection) }
            return answer
        }
        registry.unary(AdministrationServiceMethods.getOrganisation) { _, _ in
            Organisation(try supervisor.organisation())
        }
        registry.unary(AdministrationServiceMethods.updateOrganisation) { request, _ in try await update(request) }
        registry.serverStreaming(AdministrationServiceMethods.backUpStore) { request, _, writer in
            guard request.path.hasPrefix("/") else { throw CausewayError.invalid("path", "it is not absolute.") }
            for try await progress in installation.backUp(request.path) { try await writer.write(progress) }
        }
        let rotate = installation.rotateMasterKey
        registry.unary(AdministrationServiceMethods.rotateMasterKey) { _, _ in
            let rotated = try await rotate()
            return RotateMasterKeyResponse.with {
                $0.resealedCredentials = Int64(rotated.credentials)
                $0.keyID = rotated.keyID
            }
        }
    }

    private func update(_ request: UpdateOrganisationRequest) async throws(CausewayError) -> Organisation {
        guard let given = request.organisation else { throw .invalid("organisation", "it is missing.") }
        var paths = request.updateMask?.paths ?? []
        if paths.isEmpty {
            if !given.displayName.isEmpty { paths.append("display_name") }
            if !given.timeZone.isEmpty { paths.append("time_zone") }
            if given.retention != nil { paths.append("retention") }
        }
        for path in paths where !Self.changeable.contains(path) {
            throw .invalid("update_mask", "\"\(path)\" is not a field that can be changed.")
        }
        let all = paths.contains("*")
        return Organisation(
            try await supervisor.updateOrganisation(
                displayName: all || paths.contains("display_name") ? given.displayName : nil,
                timeZone: all || paths.contains("time_zone") ? given.timeZone : nil,
                retention: try retention(given.retention ?? Retention(), paths)))
    }

    private static let changeable: Set = [
        "*", "display_name", "time_zone", "retention", "retention.run_days", "retention.log_days",
        "retention.quarantine_days", "retention.quarantine_rows",
    ]

    /// What is kept from now on; nil: as it is.
    private func retention(_ given: Retention, _ paths: [String]) throws(CausewayError) -> StoredRetention? {
        guard paths.contains(where: { $0 == "*" || $0.hasPrefix("retention") }) else { return nil }
        let all = paths.contains("*") || paths.contains("retention")
        var kept = try supervisor.organisation().retention ?? StoredRetention()
        if all || paths.contains("retention.run_days") { kept.runDays = given.runDays }
        if all || paths.contains("retention.log_days") { kept.logDays = given.logDays }
        if all || paths.contains("retention.quarantine_days") { kept.quarantineDays = given.quarantineDays }
        if all || paths.contains("retention.quarantine_rows") { kept.quarantineRows = given.quarantineRows }
        return kept
    }
}

/// What the daemon knows of itself and of its store, and the engine does not.
package struct Installation: Sendable {
    package var version: Version
    package var isServing: @Sendable () -> Bool
    package var storeFigures: @Sendable () throws -> CausewayStore.StoreFigures
    /// Copies the store to an absolute path while it is in use, and checks the copy.
    package var backUp: @Sendable (String) -> AsyncThrowingStream<BackUpProgress, any Error>
    /// How many credentials were sealed anew, and the new key's id.
    package var rotateMasterKey: @Sendable () async throws -> (credentials: Int, keyID: String)

    package init(
        version: Version, isServing: @escaping @Sendable () -> Bool,
        storeFigures: @escaping @Sendable () throws -> CausewayStore.StoreFigures,
        backUp: @escaping @Sendable (String) -> AsyncThrowingStream<BackUpProgress, any Error>,
        rotateMasterKey: @escaping @Sendable () async throws -> (credentials: Int, keyID: String)
    ) {
        self.version = version
        self.isServing = isServing
        self.storeFigures = storeFigures
        self.backUp = backUp
        self.rotateMasterKey = rotateMasterKey
    }
}
