import CausewayConnectorKit
import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayTestKit
import CausewayVault
import Logging
import Testing

@testable import CausewayServer

@Suite struct QuarantineHandlerTests {
    @Test("a row's bytes are withheld where a field of its entity is sensitive; only an admin can ask for them")
    func sensitive() throws {
        let simulation = Simulation(seed: 1)
        let outcome = Outcome()
        let end = simulation.run {
            do { try await Self.check(simulation) } catch { outcome.error = error }
        }
        if let error = outcome.error { throw error }
        #expect(end == .done)
    }

    /// Set on the simulation's thread.
    private final class Outcome: @unchecked Sendable {
        var error: (any Error)?
    }

    private static func check(_ simulation: Simulation) async throws {
        let store = MemoryStore()
        let supervisor = try await supervisor(simulation, store)
        let shard = try supervisor.directory.connection("crm").shard
        for (entity, sequence) in [("open", 1), ("closed", 2)] as [(String, UInt64)] {
            var row = StoredQuarantinedRow()
            row.entity = entity
            row.raw = Array("7,secret".utf8)
            var unit = CommitUnit(Ownership(shard: shard, epoch: 1))
            try QuarantineTable.put(into: &unit, sequence, row)
            let state = try store.read { try EntityState.loadOrMake(in: $0, shard, entity, now: simulation.clock.now) }
            var update = try SchemaUpdate.takingUp(
                [ObservedColumn(label: "id", type: nil)], primaryKey: [], into: state, now: simulation.clock.now)
            unit.mutations += try update.state.seal()
            try await store.commit(unit)
        }
        var edit = FieldEdit()
        edit.sensitive = true
        try await supervisor.directory.connection("crm").updateField("closed", "id", edit)
        let handlers = QuarantineHandlers(supervisor: supervisor, queries: Queries(supervisor))
        func get(_ row: Int, _ role: Role, reveals: Bool = false) throws -> QuarantinedRow {
            let request = GetQuarantinedRowRequest.with {
                $0.name = "connections/crm/quarantinedRows/\(row)"
                $0.revealSensitive = reveals
            }
            return try handlers.get(
                request,
                CallContext(
                    peer: Peer(pid: 1, uid: 1_001, gid: 1), role: role, callID: 1,
                    method: QuarantineServiceMethods.getQuarantinedRow.info, metadata: [], timeout: nil))
        }
        for role in [Role.viewer, .operator, .admin] {
            #expect(try get(1, role).raw == Array("7,secret".utf8))
            let row = try get(2, role)
            #expect(row.raw.isEmpty && row.rawWithheld)
        }
        #expect(throws: CausewayError.self) { try get(2, .viewer, reveals: true) }
        #expect(throws: CausewayError.self) { try get(1, .operator, reveals: true) }
        let revealed = try get(2, .admin, reveals: true)
        #expect(revealed.raw == Array("7,secret".utf8) && !revealed.rawWithheld)
        await supervisor.stop()
    }

    /// With a connection "crm"; nobody runs it.
    private static func supervisor(_ simulation: Simulation, _ store: MemoryStore) async throws -> Supervisor {
        let spec = IntegrationSpec(
            id: "scripted", title: "Scripted", description: "Files in memory.", directions: [.inbound],
            signInMethods: [CausewayConnectorKit.SignInMethod(id: "none", title: "None", settings: [])], settings: [],
            entitySettings: [], capabilities: [])
        let server = ScriptedFileServer(folders: ["/in"], clock: simulation.clock)
        let vault = Vault(
            try MasterKey(Secret(Array(repeating: 7, count: MasterKey.byteCount))),
            random: RandomBytes(simulation.random))
        let supervisor = Supervisor(
            EngineEnvironment(
                store: store, vault: vault, catalogue: Catalogue([ScriptedConnector(server, spec: spec)]),
                clock: simulation.clock, random: simulation.random, spawner: simulation.spawner, zones: UTCRules(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, limits: EngineLimits(),
                epoch: try await store.nextEpoch(), contentSeed: ContentSeed(1)))
        try await supervisor.start()
        _ = try await supervisor.createConnection(
            ConnectionDraft(
                id: "crm", integration: "scripted", settings: [:],
                entities: [CausewayCore.EntitySettings(entity: "open", settings: [:])],
                schedule: CausewayCore.Schedule(.manual), credentials: [:]),
            skipTest: true)
        return supervisor
    }
}
