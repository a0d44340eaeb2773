import CausewayConnectorKit
import CausewayCore
import CausewayMessages
import CausewayStore
import Synchronization

/// A run at work: the source it reads from, and the account it keeps. Split by aspect: connecting and concluding here,
/// listing, reading and sampling beside it.
struct FetchSession: RunSession {
    let connection: Connection
    let plan: RunPlan
    let context: EngineContext
    let source: any FileSource
    var account: RunAccount
    /// Entities whose quarantine went over its threshold.
    var exceeded: [String] = []
    /// The first error that cost a file, when the run went on without it.
    var fileError: CausewayError?
    /// Files whose columns somebody has to decide about.
    var heldFiles = 0
    /// Entities that the run has begun to write.
    var written: [String] = []
    /// Counts the entity at work.
    var ahead: (entity: String, settlement: RunningSettlement)?

    func running(_ entity: String) -> RunningSettlement? { ahead?.entity == entity ? ahead?.settlement : nil }

    /// Signs in, as often as the backoff allows while the other side is away.
    mutating func connect() async throws(CausewayError) {
        var attempt = 0
        while true {
            let steps = Mutex<[ConnectStep]>([])
            do {
                try await source.connect { step in steps.withLock { $0.append(step) } }
                for step in steps.withLock({ $0 }) { account.say(.debug, step.title, ["detail": step.detail]) }
                account.say(.info, "connected")
                return
            } catch {
                attempt += 1
                try await pause(attempt, after: error)
            }
        }
    }

    /// Waits before attempt `attempt`, or throws `error` when there is to be none.
    mutating func pause(_ attempt: Int, after error: CausewayError) async throws(CausewayError) {
        guard !Task.isCancelled else { throw .cancelled }
        var generator = RandomGenerator(context.environment.random)
        guard
            let delay = context.limits.reconnect.delay(
                beforeRetry: attempt, advice: error.retry, random: &generator)
        else { throw error }
        account.say(
            .warning, "link lost; trying again",
            ["error": error.message, "attempt": String(attempt), "wait": delay.text])
        try await flush(activity: "waiting to reconnect")
        do {
            try await context.clock.sleep(for: delay)
        } catch {
            throw .cancelled
        }
    }

    /// What the run has come to. What was said last is committed; a run that was cancelled says so too.
    mutating func conclude(_ error: CausewayError?) async throws(CausewayError) -> RunOutcome {
        var outcome = RunOutcome(state: .succeeded)
        if let error {
            outcome = RunOutcome(state: .failed, error: error, hold: RunExecution.hold(for: error))
        } else if !exceeded.isEmpty {
            outcome = RunOutcome(state: .failed, error: .thresholdExceeded(exceeded, account.stored.counters.orEmpty))
        } else if let fileError {
            let counters = account.stored.counters.orEmpty
            outcome = RunOutcome(state: counters.filesRead > 0 ? .partial : .failed, error: fileError)
        } else if account.stored.counters.orEmpty.rowsQuarantined > 0 || heldFiles > 0 {
            outcome.state = .partial
        }
        return try await close(outcome, error)
    }
}

extension CausewayError {
    fileprivate static func thresholdExceeded(_ entities: [String], _ counters: StoredCounters) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "QUARANTINE_THRESHOLD_EXCEEDED",
            "More rows of \(entities.joined(separator: ", ")) are in quarantine than its settings allow; look at them "
                + "with the quarantine command, mend the file or the settings, and fetch again.",
            metadata: [
                "entities": entities.joined(separator: ","), "quarantined": String(counters.rowsQuarantined),
                "read": String(counters.rowsRead),
            ])
    }
}
