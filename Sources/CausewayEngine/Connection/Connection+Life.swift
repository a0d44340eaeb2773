package import CausewayCore
package import CausewayMessages
import CausewayStore
import Logging

// Start and end of one connection's actor, and what is kept of the connection.
extension Connection {
    /// Starts the schedule, and resumes what an earlier process left open.
    func start(_ boot: BootState) async {
        do {
            for open in boot.unfinishedRuns where !open.run.runState.isEnded { try await closeInterrupted(open) }
            try await startSchedule(boot.schedule, jitter: context.limits.startJitter)
            if !boot.unfinishedRuns.isEmpty { resume(boot.unfinishedRuns) }
            if boot.isPurging { startUpkeep(.purge) }
        } catch {
            context.childFailed(shard, error)
        }
    }

    /// No run is alive but in its actor, so one that the store shows as open is not.
    private func closeInterrupted(_ open: RunTable.Entry) async throws(CausewayError) {
        var run = open.run
        run.state = RunState.interrupted.rawValue
        run.endMicros = context.clock.now.micros
        var unit = context.unit(of: shard)
        try RunTable.put(into: &unit, open.number, run)
        try await context.store.commit(unit)
    }

    private func resume(_ unfinished: [RunTable.Entry]) {
        let wait = context.randomDuration(upTo: context.limits.startJitter)
        resumption = context.environment.spawner { [clock = context.clock] in
            guard (try? await clock.sleep(for: wait)) != nil else { return }
            for run in unfinished { await self.startResumed(run) }
        }
    }

    /// Goes on with a run, behind whatever runs have begun meanwhile; unless one of them has gone on with it.
    private func startResumed(_ unfinished: RunTable.Entry) async {
        while !machine.isStopping, !machine.isDeleting, !Task.isCancelled {
            guard machine.run == nil else {
                await driver?.value
                try? await context.clock.sleep(for: .milliseconds(100))
                continue
            }
            do {
                let isTakenUp = try context.readStore {
                    try RunSuccession.isTakenUp(unfinished.run, unfinished.number, shard, in: $0)
                }
                guard !isTakenUp else { return }
                _ = try await startFetch(
                    RunKind(rawValue: unfinished.run.kind) ?? .full, trigger: .resume, scope: unfinished.run.scope)
                return
            } catch {
                context.logger.warning(
                    "an interrupted run was not resumed", metadata: ["connection": "\(id)", "error": "\(error)"])
                return
            }
        }
    }

    /// No new runs; the one in progress stops at its next checkpoint. Returns when it has.
    package func stop() async { await end(.shutdown) }

    /// As ``stop()``, before the connection goes on elsewhere.
    package func handOver() async { await end(.shutdown) }

    /// As ``stop()``, because the connection is deleted.
    func delete() async {
        if let directives = try? machine.apply(.deleteRequested) { try? await perform(directives) }
        await end(.deleted)
    }

    private func end(_ reason: StopReason) async {
        let running = driver
        if let directives = try? machine.apply(.stopRequested(reason)) { try? await perform(directives) }
        running?.cancel()
        resumption?.cancel()
        wantedUpkeep = []
        upkeep?.cancel()
        await running?.value
        await driver?.value
        await upkeep?.value
        await resumption?.value
    }

    /// Stops without waiting: the actor has failed and another takes its place. Its run is cancelled, and cannot commit
    /// anything that the next one does not find.
    func abandon() async { await end(.shutdown) }

    // MARK: What is kept

    /// - Throws: ``CausewayError`` (not found) when it has just been deleted.
    nonisolated func connectionRecord() throws(CausewayError) -> StoredConnection {
        guard let stored = try context.readStore({ try ConnectionTable.get(in: $0, shard) }) else {
            throw .notFound(ResourceName.connection(id))
        }
        return stored
    }

    /// The connection as people see it.
    package func view() throws(CausewayError) -> ConnectionView {
        let (stored, names) = try context.readStore { transaction in
            (
                try context.recent.connection(in: transaction, shard),
                try CredentialTable.names(in: transaction, shard)
            )
        }
        guard let stored else { throw .notFound(ResourceName.connection(id)) }
        return ConnectionView(
            id: id, shard: shard, stored: stored, isPaused: machine.isPaused, hold: machine.hold,
            isDeleting: machine.isDeleting, nextSlot: machine.nextSlot,
            lastRun: machine.lastRunNumber == 0 ? nil : machine.lastRunNumber, currentRun: machine.run?.plan.number,
            credentialNames: names)
    }

    /// The run that answered a request with this id within the last 24 hours.
    func answeredRun(_ requestID: String) throws(CausewayError) -> UInt64? {
        guard !requestID.isEmpty else { return nil }
        let recent = try context.readStore { try RunTable.list(in: $0, shard, limit: 200) }
        let oldest = context.clock.now - .seconds(86_400)
        let answered = recent.first { $0.run.requestID == requestID && $0.run.createMicros > oldest.micros }
        return answered?.number
    }
}

/// A connection as people see it: what is kept of it, and what it is up to.
package struct ConnectionView: Sendable {
    package var id: String
    package var shard: ShardID
    package var stored: StoredConnection
    package var isPaused: Bool
    package var hold: Hold?
    package var isDeleting: Bool
    package var nextSlot: Timestamp?
    package var lastRun: UInt64?
    package var currentRun: UInt64?
    package var credentialNames: [String]
}
