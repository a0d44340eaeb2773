import CausewayCore
package import CausewayVault
import Synchronization

/// The vault in force, which a rotation of the master key replaces while connections are at work.
///
/// Whoever seals does it, up to the end of the commit, inside ``sealing(isolation:_:)``; a rotation waits for those that
/// are at it and lets no new one begin until it is over. So no credential is committed under the old key once a rotation
/// has looked at them. Opening needs no such turn: while a rotation commits, both keys open.
package final class KeyRing: Sendable {
    /// What opens credentials at one instant. Take it before the credentials are read.
    struct Keys: Sendable {
        fileprivate var current: Vault
        /// The one that a rotation in progress goes to.
        fileprivate var next: Vault?
        /// Rises with each change.
        fileprivate var revision: UInt64 = 0

        /// - Throws: as `Vault.open`.
        func open(_ sealed: [UInt8], _ context: SealContext) throws(CausewayError) -> Secret {
            do {
                return try current.open(sealed, context)
            } catch {
                guard error.reason == "MASTER_KEY_WRONG", let next else { throw error }
                return try next.open(sealed, context)
            }
        }
    }

    private struct State {
        var keys: Keys
        var sealers = 0
        var isRotating = false
        /// Why no rotation may begin.
        var obstacle: CausewayError?
        var waitingSealers: [CheckedContinuation<Void, Never>] = []
        /// Those whose turn comes when the last sealer leaves.
        var waitingRotations: [CheckedContinuation<Void, Never>] = []
    }
    private let state: Mutex<State>

    package init(_ vault: Vault) { state = Mutex(State(keys: Keys(current: vault))) }

    /// Which key seals now.
    package var keyID: KeyID { state.withLock { $0.keys.current.keyID } }

    var keys: Keys { state.withLock { $0.keys } }

    /// Whether a rotation has come to its commit or its end since `keys` was taken.
    func haveChanged(since keys: Keys) -> Bool { state.withLock { $0.keys.revision != keys.revision } }

    /// Runs `body`, which seals with the vault that it gets and commits what it has sealed. Waits for a rotation in
    /// progress; cancellation does not cut the wait short, which is as long as a commit.
    func sealing<R>(
        isolation: isolated (any Actor)? = #isolation, _ body: (Vault) async throws(CausewayError) -> R
    ) async throws(CausewayError) -> R {
        await withCheckedContinuation { continuation in
            let mayEnter = state.withLock { state in
                // A rotation that waits goes first, or a busy installation would never be rotated.
                guard !state.isRotating, state.waitingRotations.isEmpty else {
                    state.waitingSealers.append(continuation)
                    return false
                }
                state.sealers += 1
                return true
            }
            if mayEnter { continuation.resume() }
        }
        defer {
            let next = state.withLock { state in
                state.sealers -= 1
                return Self.nextRotation(&state)
            }
            next?.resume()
        }
        return try await body(keys.current)
    }

    // MARK: Rotation

    /// Runs `body` while nobody seals. One rotation at a time.
    ///
    /// - Throws: what `body` throws; why an earlier rotation forbids another (``forbidRotation(_:)``).
    func rotating<R: Sendable>(
        _ body: @Sendable (Vault) async throws(CausewayError) -> R
    ) async throws(CausewayError) -> R {
        await withCheckedContinuation { continuation in
            let next = state.withLock { state in
                state.waitingRotations.append(continuation)
                return Self.nextRotation(&state)
            }
            next?.resume()
        }
        defer {
            let next = state.withLock { state -> [CheckedContinuation<Void, Never>] in
                state.isRotating = false
                state.keys.next = nil
                if let rotation = Self.nextRotation(&state) { return [rotation] }
                defer { state.waitingSealers = [] }
                state.sealers += state.waitingSealers.count
                return state.waitingSealers
            }
            for continuation in next { continuation.resume() }
        }
        if let obstacle = state.withLock({ $0.obstacle }) { throw obstacle }
        return try await body(keys.current)
    }

    /// From here on credentials under the key of `vault` open too. Only inside ``rotating(_:)``.
    func prepare(_ vault: Vault) {
        state.withLock {
            $0.keys.next = vault
            $0.keys.revision += 1
        }
    }

    /// `vault` is in force. Only inside ``rotating(_:)``.
    func adopt(_ vault: Vault) {
        state.withLock {
            $0.keys.current = vault
            $0.keys.next = nil
            $0.keys.revision += 1
        }
    }

    /// No rotation may begin any more in this process.
    func forbidRotation(_ why: CausewayError) { state.withLock { $0.obstacle = why } }

    private static func nextRotation(_ state: inout State) -> CheckedContinuation<Void, Never>? {
        guard state.sealers == 0, !state.isRotating, !state.waitingRotations.isEmpty else { return nil }
        state.isRotating = true
        return state.waitingRotations.removeFirst()
    }
}
