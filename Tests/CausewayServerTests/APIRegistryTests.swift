import CausewayConnectorKit
import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayServer
import CausewayStore
import CausewayTestKit
import CausewayVault
import Logging
import Testing

@Suite struct APIRegistryTests {
    @Test("every method of the API has a handler, and every method has a role")
    func complete() throws {
        let simulation = Simulation(seed: 1)
        let vault = Vault(
            try MasterKey(Secret(Array(repeating: 7, count: MasterKey.byteCount))),
            random: RandomBytes(simulation.random))
        let supervisor = Supervisor(
            EngineEnvironment(
                store: MemoryStore(), vault: vault, catalogue: Catalogue([]), clock: simulation.clock,
                random: simulation.random, spawner: simulation.spawner, zones: UTCRules(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, limits: EngineLimits(), epoch: 1,
                contentSeed: ContentSeed(1)))
        let installation = Installation(
            version: Version(), isServing: { true },
            storeFigures: { throw CausewayError(.unimplemented, reason: "NONE", "None.") },
            backUp: { _ in AsyncThrowingStream { $0.finish() } }, rotateMasterKey: { (0, "") })
        let registry = APIRegistry.make(
            supervisor: supervisor, catalogue: Catalogue([]), installation: installation)
        #expect(registry.missing(from: allMethods) == [])
        for method in allMethods { #expect(method.role != .unspecified, "\(method.path) is open to nobody") }
    }
}
