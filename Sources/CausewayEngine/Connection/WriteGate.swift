import Synchronization

/// Lets one at a time through, in the order they came: whoever prepares and commits a change of an entity holds it from
/// the look at the store to the end of the commit, so that none finds that another has come in between.
final class WriteGate: Sendable {
    private struct State {
        var isHeld = false
        /// Rises with each edit that did not come from the run in progress.
        var edits: UInt64 = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    /// Edits so far: a run that carries a state along looks at it again when this has risen.
    var edits: UInt64 { state.withLock { $0.edits } }

    func noteEdit() { state.withLock { $0.edits += 1 } }

    /// Returns when the gate is the caller's. Not cancelled: it is held for a commit at a time.
    func enter() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isFree = state.withLock { state in
                guard state.isHeld else {
                    state.isHeld = true
                    return true
                }
                state.waiters.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiters.isEmpty else {
                state.isHeld = false
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.resume()
    }
}
