import CausewayCore
import CausewayDaemon
import CausewayStore
import CausewayVault

/// What is found in the store, or made in it at the first start, before the engine can run.
struct StoreOpening {
    let store: LMDBStore
    let epoch: UInt64
    let context: DaemonContext

    private var system: CommitUnit { CommitUnit(Ownership(shard: .system, epoch: epoch)) }

    /// The vault whose key fits the store. A store that has credentials and no fitting key is refused.
    func vault() async throws -> Vault {
        let (checkValue, holdsSealedValues) = try store.read { transaction in
            (try MasterKeyCheckTable.get(in: transaction), try CredentialTable.holdsAny(in: transaction))
        }
        let source = MasterKeySource.find(
            environment: context.environment, defaultPath: context.configuration.masterKeyPath)
        let opened = try source.open(checkValue: checkValue, holdsSealedValues: holdsSealedValues)
        if let newCheckValue = opened.newCheckValue {
            var unit = system
            MasterKeyCheckTable.put(into: &unit, newCheckValue)
            try await store.commit(unit)
        }
        return opened.vault
    }

    /// The store's own key of content hashes.
    func contentSeed() async throws -> ContentSeed {
        if let seed = try store.read({ try ContentSeedTable.get(in: $0) }) { return seed }
        let seed = ContentSeed(context.random.next())
        var unit = system
        ContentSeedTable.create(in: &unit, seed)
        try await store.commit(unit)
        return seed
    }
}
