package import CausewayCore
package import CausewayMessages
import CausewayStore

/// One connection: its credentials, schedule and fetch state.
///
/// The machine decides, the actor carries out. An idle connection holds this object and one entry of the timer queue:
/// no task, thread, socket or buffer; settings and credentials are read from the store when they are needed.
package actor Connection {
    package nonisolated let id: String
    package nonisolated let shard: ShardID
    let context: EngineContext
    var machine: ConnectionMachine
    /// The run in progress. Owned by the actor: cancelled by a stop, awaited by whoever must see the end.
    var driver: Task<Void, Never>?
    /// Waits to go on with a run that was interrupted. Cancelled and awaited by a stop.
    var resumption: Task<Void, Never>?
    var live: LiveRun?
    /// Removes what was deleted and what is not kept any longer. Cancelled and awaited by a stop.
    var upkeep: Task<Void, Never>?
    var wantedUpkeep: Set<Upkeep> = []
    /// Held by whoever prepares and commits a change of an entity: a batch of a run, or an edit.
    nonisolated let writing = WriteGate()

    /// What the run in progress last said, and who wants to hear it.
    struct LiveRun {
        var view: RunView
        var lastProgress: Duration
        /// In the order they came: whoever is told first is not left to a hash.
        var watchers: [(id: UInt64, continuation: AsyncStream<RunView>.Continuation)] = []
    }
    private var nextWatcher: UInt64 = 0

    package init(id: String, shard: ShardID, lastRunNumber: UInt64, stored: StoredConnection, context: EngineContext) {
        self.id = id
        self.shard = shard
        self.context = context
        machine = ConnectionMachine(
            lastRunNumber: lastRunNumber, isPaused: stored.paused, hold: Hold(rawValue: stored.hold))
    }

    /// "idle", "running", …: the machine's word for it.
    package var stateName: String { machine.stateName }
    package var nextSlot: Timestamp? { machine.nextSlot }
    package var currentRun: UInt64? { machine.run?.plan.number }
    package var lastRun: UInt64 { machine.lastRunNumber }

    // MARK: Runs

    /// Decides on a run and records it; returns when the record is on disk, before the run starts.
    ///
    /// - Parameter requestID: a request that was answered within the last 24 hours gets the same run again.
    /// - Throws: ``CausewayError``: `RUN_IN_PROGRESS` (aborted), `NEEDS_RECONNECT`, `CONNECTION_DELETING`
    ///   (failed precondition), `DAEMON_STOPPING` (unavailable), or the store's.
    package func startFetch(
        _ kind: RunKind, trigger: RunTrigger = .manual, slot: Timestamp? = nil, requestID: String = "",
        scope: RunScope = RunScope()
    ) async throws(CausewayError) -> RunView {
        if let number = try answeredRun(requestID) { return try view(of: number) }
        if context.environment.plantedBugs.contains(.checkThenAwait) {
            // The mutation that simulations must find: a wait between the check and the decision.
            guard machine.run == nil else { throw CausewayError(.aborted, reason: "RUN_IN_PROGRESS", "In progress.") }
            try? await context.clock.sleep(for: .milliseconds(1))
            machine.forgetRun()
        }
        let directives = try machine.apply(
            .fetchRequested(kind, trigger, slot: slot, requestID: requestID, scope: scope))
        let number = machine.lastRunNumber
        try await perform(directives)
        return try view(of: number)
    }

    /// Asks the run to stop and returns when it has ended.
    ///
    /// - Throws: ``CausewayError`` (not found) when there is no such run.
    package func cancelRun(_ number: UInt64) async throws(CausewayError) -> RunView {
        guard machine.run?.plan.number == number else { return try view(of: number) }
        try await perform(machine.apply(.stopRequested(.cancelled)))
        await driver?.value
        return try view(of: number)
    }

    /// The run as it is, live when it is in progress.
    package func view(of number: UInt64) throws(CausewayError) -> RunView {
        if let live, live.view.number == number { return live.view }
        let stored = try context.readStore { transaction in
            try RunTable.get(in: transaction, shard, number)
        }
        guard let stored else { throw .notFound(ResourceName.run(id, number)) }
        return RunView(connection: id, number: number, stored: stored)
    }

    /// The run as it is, then each change until it has ended. Changes that come faster than they are taken are merged.
    package func watch(_ number: UInt64) throws(CausewayError) -> AsyncStream<RunView> {
        let now = try view(of: number)
        let (stream, continuation) = AsyncStream.makeStream(of: RunView.self, bufferingPolicy: .bufferingNewest(1))
        continuation.yield(now)
        guard live?.view.number == number, !now.state.isEnded else {
            continuation.finish()
            return stream
        }
        nextWatcher += 1
        let watcher = nextWatcher
        live?.watchers.append((watcher, continuation))
        // Ends by itself after one hop; nobody needs to wait for a watcher to be forgotten.
        continuation.onTermination = { [connection = self, spawner = context.environment.spawner] _ in
            _ = spawner { await connection.forgetWatcher(watcher) }
        }
        return stream
    }

    private func forgetWatcher(_ watcher: UInt64) { live?.watchers.removeAll { $0.id == watcher } }

    // MARK: Carrying out

    /// Carries out what the machine decided.
    func perform(_ directives: [ConnectionDirective]) async throws(CausewayError) {
        for directive in directives {
            switch directive {
            case .recordRun(let plan): try await record(plan)
            case .requestPermit(let plan): launch(plan)
            case .startRun: break  // Its driver goes on by itself; see `permitGranted`.
            case .stopRun: driver?.cancel()
            case .recordSkippedSlot(let slot, let reason): try await settle(slot, skipped: reason)
            case .armTimer(let slot): await context.timers.arm(shard, at: slot)
            case .disarmTimer: await context.timers.disarm(shard)
            }
        }
    }

    private func record(_ plan: RunPlan) async throws(CausewayError) {
        let stored = StoredRun(plan, at: context.clock.now)
        live = LiveRun(
            view: RunView(connection: id, number: plan.number, stored: stored), lastProgress: context.clock.uptime)
        do {
            var unit = context.unit(of: shard)
            try RunTable.put(into: &unit, plan.number, stored)
            let firing = plan.slot
            var next: Timestamp?
            if let firing { next = try settlement(of: firing, into: &unit, skipped: nil) }
            try await context.store.commit(unit)
            if firing != nil { try await perform(machine.apply(.nextSlotKnown(next))) }
        } catch {
            live = nil
            _ = try machine.apply(.runNotRecorded)
            throw error
        }
        try await perform(machine.apply(.runRecorded))
    }

    /// The run's task. A child of this actor in all but name: it is kept, cancelled and awaited here, and it holds
    /// nothing once it has ended.
    private func launch(_ plan: RunPlan) {
        driver = context.environment.spawner(on: .work) { await self.drive(plan) }
    }
}
