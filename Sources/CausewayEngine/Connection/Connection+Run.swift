import CausewayCore
import CausewayMessages
import CausewayStore

// The life of one run, seen from its connection.
extension Connection {
    /// Waits for a permit, carries the run out, and writes down how it ended. Runs on the work threads, in the run's
    /// own task.
    nonisolated func drive(_ plan: RunPlan) async {
        let outcome: RunOutcome
        do {
            outcome = try await context.permits.withPermit {
                try await self.permitGranted(plan)
                return try await self.execute(plan)
            }
        } catch {
            outcome = RunOutcome(state: .failed, error: .wrapping(error))
        }
        await finish(plan, outcome)
    }

    /// The run beside its watchdog; the first to end ends the other.
    private nonisolated func execute(_ plan: RunPlan) async throws -> RunOutcome {
        let stored = try connectionRecord()
        let execution = RunExecution(connection: self, plan: plan, stored: stored, context: context)
        let stallTimeout = stored.settingValues.duration("stall_timeout") ?? context.limits.stallTimeout
        return try await withThrowingTaskGroup(of: RunOutcome?.self) { group in
            group.addTask { await execution.run() }
            group.addTask {
                try await self.watchForStall(stallTimeout)
                return nil
            }
            defer { group.cancelAll() }
            while let outcome = try await group.next() {
                if let outcome { return outcome }
            }
            return RunOutcome(state: .failed, error: .cancelled)
        }
    }

    /// Returns when the run has made no progress for `timeout`, after telling it to stop.
    private func watchForStall(_ timeout: Duration) async throws {
        while let live {
            let quiet = context.clock.uptime - live.lastProgress
            guard quiet < timeout else {
                try await perform(machine.apply(.stopRequested(.stalled)))
                return
            }
            try await context.clock.sleep(for: timeout - quiet)
        }
    }

    private func permitGranted(_ plan: RunPlan) async throws(CausewayError) {
        try await perform(machine.apply(.permitGranted))
        guard var view = live?.view else { return }
        view.stored.state = RunState.running.rawValue
        view.stored.startMicros = context.clock.now.micros
        var unit = context.unit(of: shard)
        try RunTable.put(into: &unit, plan.number, view.stored)
        try await context.store.commit(unit)
        publish(view)
    }

    /// Takes what the run has come to: counters that are committed, and what it is doing now.
    func progressed(_ stored: StoredRun, activity: String) {
        guard var view = live?.view else { return }
        view.stored = stored
        view.activity = activity
        publish(view)
    }

    /// Takes what the run waits for, while it has nothing to commit.
    func waiting(_ activity: String) {
        guard var view = live?.view else { return }
        view.activity = activity
        publish(view)
    }

    private func publish(_ view: RunView) {
        live?.view = view
        live?.lastProgress = context.clock.uptime
        for watcher in live?.watchers ?? [] { watcher.continuation.yield(view) }
    }

    /// Writes the run's end down, as often as it takes while the store may come back, then lets go of it.
    private func finish(_ plan: RunPlan, _ outcome: RunOutcome) async {
        var outcome = outcome
        if case .stopping(let reason)? = machine.run?.phase { outcome = outcome.stopped(by: reason) }
        guard var view = live?.view else { return }
        view.stored.state = outcome.state.rawValue
        view.stored.endMicros = context.clock.now.micros
        if let error = outcome.error { view.stored.fail(error) }
        if !view.stored.counters.orEmpty.isBalanced {
            view.stored.state = RunState.failed.rawValue
            view.stored.fail(.unbalanced(view.stored.counters.orEmpty))
        }
        do {
            try await commitEnd(plan, view.stored, hold: outcome.hold)
        } catch {
            // The record stays open; the next start of this actor closes it as interrupted and goes on from there.
            context.childFailed(shard, error)
        }
        view.activity = ""
        publish(view)
        for watcher in live?.watchers ?? [] { watcher.continuation.finish() }
        live = nil
        driver = nil
        _ = try? machine.apply(.runEnded(hold: outcome.hold))
        guard !machine.isStopping, !machine.isDeleting else { return }
        startUpkeep(.retention)
        startCompaction()
    }

    /// Whether only so many runs are kept: as long as nobody has said for how long.
    private func boundsRuns() throws(CausewayError) -> Bool {
        try context.readStore { try OrganisationTable.get(in: $0) }?.retention?.runDays ?? 0 == 0
    }

    private func commitEnd(_ plan: RunPlan, _ stored: StoredRun, hold: Hold?) async throws(CausewayError) {
        var attempt = 0
        while true {
            do {
                var unit = context.unit(of: shard)
                try RunTable.put(into: &unit, plan.number, stored)
                if let hold, var connection = try? connectionRecord() {
                    try ConnectionTable.requireUnchanged(in: &unit, connection)
                    connection.hold = hold.rawValue
                    connection.holdReason = stored.errorMessage
                    try ConnectionTable.put(into: &unit, connection)
                }
                if plan.number > context.limits.keptRuns, try boundsRuns() {
                    let oldest = plan.number - context.limits.keptRuns
                    RunLogTable.delete(from: &unit, run: oldest, limit: context.limits.logEntries + 1)
                    RunTable.delete(from: &unit, oldest)
                }
                try await context.store.commit(unit)
                return
            } catch let error where error.reason == "COMMIT_CONFLICT" && attempt < 16 {
                attempt += 1
            } catch {
                attempt += 1
                var generator = RandomGenerator(context.environment.random)
                guard
                    let delay = context.limits.reconnect.delay(
                        beforeRetry: attempt, advice: error.retry, random: &generator)
                else { throw error }
                // A cancelled run still has to write its end, so this wait is not the run's.
                let pause = context.environment.spawner { [clock = context.clock] in
                    try? await clock.sleep(for: delay)
                }
                await pause.value
            }
        }
    }
}

extension RunOutcome {
    /// What a run that was told to stop has come to: what the stop means, unless it had ended before it took notice.
    fileprivate func stopped(by reason: StopReason) -> RunOutcome {
        guard state == .failed, hold == nil else { return self }
        return switch reason {
        case .cancelled, .deleted: RunOutcome(state: .cancelled)
        case .shutdown: RunOutcome(state: .interrupted)
        case .stalled:
            RunOutcome(
                state: .failed,
                error: CausewayError(
                    .deadlineExceeded, reason: "STALLED",
                    "The run made no progress for its stall timeout and was stopped; the next one goes on from there.",
                    retry: .backoff))
        }
    }
}

extension CausewayError {
    fileprivate static func unbalanced(_ counters: StoredCounters) -> CausewayError {
        CausewayError(
            .internal, reason: "ROWS_UNACCOUNTED",
            "The run read \(counters.rowsRead) rows but accounts for another number; please report this with its log.",
            metadata: [
                "read": String(counters.rowsRead), "new": String(counters.rowsNew),
                "updated": String(counters.rowsUpdated), "unchanged": String(counters.rowsUnchanged),
                "quarantined": String(counters.rowsQuarantined),
            ])
    }
}
