import CausewayCore
import CausewayEngine
package import CausewayMessages
package import CausewayStore
import CausewayWire

/// AdministrationService.
struct AdministrationHandlers: Sendable {
    let supervisor: Supervisor
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
        registry.unary(AdministrationServiceMethods.getStoreFigures) { _, _ in StoreFigures(try figures()) }
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
        }
        for path in paths where path != "display_name" && path != "time_zone" && path != "*" {
            throw .invalid("update_mask", "\"\(path)\" is not a field that can be changed.")
        }
        let all = paths.contains("*")
        return Organisation(
            try await supervisor.updateOrganisation(
                displayName: all || paths.contains("display_name") ? given.displayName : nil,
                timeZone: all || paths.contains("time_zone") ? given.timeZone : nil))
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
