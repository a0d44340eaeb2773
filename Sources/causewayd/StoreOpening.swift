import CausewayCore
import CausewayDaemon
import CausewayEngine
import CausewayStore
import CausewayVault
import Logging

/// What is found in the store, or made in it at the first start, before the engine can run.
struct StoreOpening {
    let store: LMDBStore
    let epoch: UInt64
    let context: DaemonContext

    private var system: CommitUnit { CommitUnit(Ownership(shard: .system, epoch: epoch)) }

    /// Where the master key comes from.
    var masterKeySource: MasterKeySource {
        let configuration = context.configuration
        return .find(
            environment: context.environment, namedPath: configuration.masterKeyFile,
            defaultPath: configuration.masterKeyPath)
    }

    /// The vault whose key fits the store. A store that has credentials and no fitting key is refused. When somebody
    /// provides a new key beside the previous one, everything is sealed under the new one first.
    func vault() async throws -> Vault {
        let (checkValue, holdsSealedValues) = try store.read { transaction in
            (try MasterKeyCheckTable.get(in: transaction), try CredentialTable.holdsAny(in: transaction))
        }
        let opened = try masterKeySource.open(checkValue: checkValue, holdsSealedValues: holdsSealedValues)
        if let newCheckValue = opened.newCheckValue {
            var unit = system
            MasterKeyCheckTable.put(into: &unit, newCheckValue)
            try await store.commit(unit)
        }
        guard let next = opened.rotateTo else { return opened.vault }
        let count = try await CredentialResealing(store: store, epoch: epoch, from: opened.vault, to: next).run()
        context.logger.notice(
            "the master key was rotated; the previous one is no longer needed",
            metadata: ["key": "\(next.keyID)", "credentials": "\(count)"])
        return next
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
