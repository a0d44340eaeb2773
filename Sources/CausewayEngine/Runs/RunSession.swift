import CausewayCore
import CausewayMessages
import CausewayStore

/// What every kind of run has at work: its connection, and the account it keeps.
protocol RunSession {
    var connection: Connection { get }
    var plan: RunPlan { get }
    var context: EngineContext { get }
    var account: RunAccount { get set }
    /// What was counted of an entity while its rows came; nil: nothing.
    func running(_ entity: String) -> RunningSettlement?
}

extension RunSession {
    var shard: ShardID { connection.shard }

    func running(_ entity: String) -> RunningSettlement? { nil }

    /// Commits the counters and what was said since the last commit.
    mutating func flush(activity: String) async throws(CausewayError) {
        try await commit(context.unit(of: shard), activity: activity)
    }

    /// Commits `unit` with the counters and what was said: work and account in one transaction, always.
    mutating func commit(
        _ unit: CommitUnit, stage: RunStage = .commit, activity: String
    ) async throws(CausewayError) {
        var unit = unit
        do {
            try account.put(into: &unit)
            let start = context.clock.uptime
            try await context.store.commit(unit)
            account.meter.add(stage, context.clock.uptime - start, bytes: unit.byteCount)
        } catch {
            account.refused()
            throw error
        }
        account.committed()
        await connection.progressed(account.stored, activity: activity)
    }

    /// Says how the run ended, and commits what was said last.
    mutating func close(_ outcome: RunOutcome, _ error: CausewayError?) async throws(CausewayError) -> RunOutcome {
        if let error {
            account.say(.error, "run ended by an error", ["reason": error.reason, "error": error.message])
        } else {
            account.say(.info, "run ended", ["state": "\(outcome.state)"])
        }
        account.closeLog()
        try await flush(activity: "")
        return outcome
    }

    func upsert(of entity: EntityPlan) async throws(CausewayError) -> EntityUpsert {
        await connection.writing.enter()
        defer { connection.writing.leave() }
        return try EntityUpsert(
            entity, of: shard, run: plan.number, runStart: Timestamp(micros: account.stored.createMicros),
            edits: connection.writing.edits, meter: account.meter, context: context)
    }

    mutating func sayMetadataChanges(_ entity: String, _ changes: [StoredFieldChange]) {
        let sentences: [(FieldChangeKind, RunLogLevel, String)] = [
            (.added, .info, "new columns"), (.widened, .info, "types became wider"),
            (.missing, .warning, "columns are missing"), (.returned, .info, "missing columns are there again"),
        ]
        for (kind, level, sentence) in sentences {
            guard let labels = changes.labels(kind) else { continue }
            account.say(level, sentence, ["entity": entity, "columns": labels])
        }
    }
}
