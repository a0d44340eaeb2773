package import CausewayConnectorKit
package import CausewayCore
package import CausewayStore
package import CausewayVault
package import Logging

/// Everything the engine touches. The daemon passes the real things in, tests and simulations their own.
package struct EngineEnvironment: Sendable {
    package var store: any Store
    package let keyRing: KeyRing
    /// Where the master key comes from; nil: it cannot be rotated.
    package var masterKeySource: MasterKeySource?
    package var catalogue: Catalogue
    package var clock: any CausewayClock
    package var random: any RandomSource
    package var spawner: Spawner
    package var zones: any TimeZoneRules
    package var logger: Logger
    package var limits: EngineLimits
    /// The boot's epoch: rises at each start, see `Ownership`.
    package var epoch: UInt64
    /// The store's own key of content hashes.
    package var contentSeed: ContentSeed
    /// Empty but in simulations that have to find them.
    package var plantedBugs: Set<PlantedBug> = []

    package init(
        store: any Store, vault: Vault, catalogue: Catalogue, clock: any CausewayClock,
        random: any RandomSource, spawner: Spawner, zones: any TimeZoneRules, logger: Logger, limits: EngineLimits,
        epoch: UInt64, contentSeed: ContentSeed
    ) {
        self.store = store
        keyRing = KeyRing(vault)
        self.catalogue = catalogue
        self.clock = clock
        self.random = random
        self.spawner = spawner
        self.zones = zones
        self.logger = logger
        self.limits = limits
        self.epoch = epoch
        self.contentSeed = contentSeed
    }

    func ownership(of shard: ShardID) -> Ownership { Ownership(shard: shard, epoch: epoch) }
}

/// A mutation of the engine that the simulation must find: it shows that the simulation can see.
package enum PlantedBug: String, Hashable, Sendable, CaseIterable {
    /// Two runs at once: the check that no run is in progress, a wait, and only then the decision.
    case checkThenAwait
}
