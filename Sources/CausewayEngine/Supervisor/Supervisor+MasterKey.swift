package import CausewayCore
import CausewayVault
import Logging
import Synchronization

// Rotation of the master key.
extension Supervisor {
    /// Makes a new master key and seals all credentials under it. Connections go on meanwhile; those that are made or
    /// reconnected at the same moment wait for its end.
    ///
    /// The new key is on disk beside the old one before anything is sealed under it, and the old one is removed after
    /// the commit, so that a crash at any instant leaves a pair that the next start brings in order.
    ///
    /// - Returns: how many credentials were sealed anew, and the new key's id.
    /// - Throws: ``CausewayError``: `MASTER_KEY_PROVIDED` (failed precondition: the key does not come from a file),
    ///   `ROTATION_UNSETTLED` (failed precondition), those of `MasterKeyFile.beginRotation` and of
    ///   ``CredentialResealing/run()``. `MASTER_KEY_UNWRITABLE` may also mean that the rotation took place and the file
    ///   could not be replaced: the message says so, and the next start or rotation replaces it.
    package nonisolated func rotateMasterKey() async throws(CausewayError) -> (credentials: Int, keyID: String) {
        guard let source = context.environment.masterKeySource else { throw .noMasterKeySource }
        let file = try source.rotatableFile()
        let outcome = Mutex<Result<(credentials: Int, keyID: String), CausewayError>?>(nil)
        // It seals for a while and blocks on the disk. Not cancelled with its caller: it is over in one commit.
        let work = context.environment.spawner(on: .work) {
            let result: Result<(credentials: Int, keyID: String), CausewayError>
            do throws(CausewayError) {
                result = .success(try await self.rotate(file))
            } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
        }
        await work.value
        guard let result = outcome.withLock({ $0 }) else { throw .cancelled }
        return try result.get()
    }

    private nonisolated func rotate(
        _ file: MasterKeyFile
    ) async throws(CausewayError) -> (credentials: Int, keyID: String) {
        let environment = context.environment
        let ring = environment.keyRing
        return try await ring.rotating { (old: Vault) async throws(CausewayError) in
            let new = Vault(try file.beginRotation(from: old.keyID))
            ring.prepare(new)
            let count: Int
            do throws(CausewayError) {
                count = try await CredentialResealing(
                    store: environment.store, epoch: environment.epoch, from: old, to: new
                ).run()
            } catch {
                if error.leavesOutcomeOpen {
                    // The staged key may be the one in force: it stays, and only a start can tell.
                    ring.forbidRotation(.rotationUnsettled)
                } else {
                    try? file.unstage()
                }
                throw error
            }
            ring.adopt(new)
            environment.logger.notice("the master key was rotated", metadata: ["key": "\(new.keyID)"])
            do throws(CausewayError) {
                try file.promote()
            } catch {
                throw error.afterRotation(to: new.keyID)
            }
            return (count, new.keyID.description)
        }
    }
}

extension CausewayError {
    /// Whether the commit may have taken place all the same.
    fileprivate var leavesOutcomeOpen: Bool { reason == "STORE_OUTCOME_UNKNOWN" || reason == "STORE_STOPPED" }

    fileprivate static var rotationUnsettled: CausewayError {
        CausewayError(
            .failedPrecondition, reason: "ROTATION_UNSETTLED",
            "Whether the last rotation of the master key took place is not known; restart the daemon, which settles it."
        )
    }

    fileprivate static var noMasterKeySource: CausewayError {
        CausewayError(
            .failedPrecondition, reason: "MASTER_KEY_PROVIDED",
            "The master key was given to this process directly, so it cannot be replaced.")
    }

    fileprivate func afterRotation(to key: KeyID) -> CausewayError {
        var error = self
        error.message =
            "The credentials are sealed under the new master key \(key), but its file could not be put in place: keep "
            + "the file that ends in .next, and restart the daemon or rotate again to finish. \(message)"
        return error
    }
}
