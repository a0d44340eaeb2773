package import CausewayCore
import CausewayMessages
package import CausewayStore
package import CausewayVault

/// Seals every credential of the store under another master key, and the check value with them, in one transaction.
package struct CredentialResealing: Sendable {
    private let store: any Store
    private let epoch: UInt64
    private let old: Vault
    private let new: Vault
    /// Deletions of connections may come in between; each attempt looks at all credentials anew.
    private static let greatestAttempts = 16

    package init(store: any Store, epoch: UInt64, from old: Vault, to new: Vault) {
        self.store = store
        self.epoch = epoch
        self.old = old
        self.new = new
    }

    /// Nobody may seal under the old key meanwhile; credentials may be deleted. Blocks on the disk and seals for as long
    /// as it takes: run it on the work threads.
    ///
    /// - Returns: how many credentials were sealed anew.
    /// - Throws: ``CausewayError``: `SEALED_VALUE_DAMAGED` (data loss) naming the connection, `UNIT_TOO_LARGE` (resource
    ///   exhausted) above a million credentials or 256 MiB of them, and those of the store. Nothing was changed, unless
    ///   the reason is `STORE_OUTCOME_UNKNOWN`.
    package func run() async throws(CausewayError) -> Int {
        var attempt = 1
        while true {
            let (units, count) = try prepare()
            do {
                try await store.commit(together: units)
                return count
            } catch let error where error.reason == "COMMIT_CONFLICT" && attempt < Self.greatestAttempts {
                attempt += 1
            }
        }
    }

    private func prepare() throws(CausewayError) -> (units: [CommitUnit], count: Int) {
        do {
            let (entries, checkValue) = try store.read { transaction in
                (try CredentialTable.everywhere(in: transaction), try MasterKeyCheckTable.get(in: transaction))
            }
            var system = CommitUnit(Ownership(shard: .system, epoch: epoch))
            if let checkValue { MasterKeyCheckTable.requireUnchanged(in: &system, checkValue) }
            MasterKeyCheckTable.put(into: &system, try new.makeCheckValue())
            var units = [system]
            for entry in entries {
                if units.last?.ownership.shard != entry.shard {
                    units.append(CommitUnit(Ownership(shard: entry.shard, epoch: epoch)))
                }
                CredentialTable.replace(
                    in: &units[units.count - 1], entry.name, entry.sealed, by: try reseal(entry))
            }
            return (units, entries.count)
        } catch {
            throw .wrapping(error)
        }
    }

    private func reseal(_ entry: CredentialTable.Entry) throws(CausewayError) -> [UInt8] {
        do {
            return try old.reseal(entry.sealed, SealContext(shard: entry.shard, name: entry.name), for: new)
        } catch {
            let stored = try? store.read { try ConnectionTable.get(in: $0, entry.shard) }
            let name = stored?.connectionID ?? entry.shard.description
            var error = error
            error.message = "Connection \(name): \(error.message)"
            error.metadata["connection"] = name
            throw error
        }
    }
}
