import CausewayCore
import CausewayMessages
import CausewayStore

/// A run that needs no source: it works on what is in the store.
struct LocalSession: RunSession {
    let connection: Connection
    let plan: RunPlan
    let context: EngineContext
    var account: RunAccount
    /// Entities that the run has begun to write.
    var written: [String] = []

    /// What the run has come to.
    mutating func conclude(_ error: CausewayError?) async throws(CausewayError) -> RunOutcome {
        var outcome = RunOutcome(state: .succeeded)
        if let error {
            outcome = RunOutcome(state: .failed, error: error)
        } else if account.stored.counters.orEmpty.rowsQuarantined > 0 {
            outcome.state = .partial
        }
        return try await close(outcome, error)
    }
}
