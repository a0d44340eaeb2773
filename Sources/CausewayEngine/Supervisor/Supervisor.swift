package import CausewayCore
import CausewayMessages
import CausewayStore
import Logging

/// The root actor: owns the connections' actors, makes them from the store, restarts a failed one, and parks it when it
/// fails too often. It routes and restarts; it holds no connection's data.
package actor Supervisor {
    struct Child {
        let id: String
        let shard: ShardID
        /// Nil while it waits to be restarted.
        var connection: Connection?
        var history = RestartHistory()
    }

    package nonisolated let context: EngineContext
    package nonisolated let directory = ConnectionDirectory()
    package nonisolated let startTime: Timestamp
    private nonisolated let failures: AsyncStream<(ShardID, CausewayError)>
    /// Shards that no name leads to any more, to be removed.
    private nonisolated let purges: AsyncStream<ShardID>
    nonisolated let purge: AsyncStream<ShardID>.Continuation
    var children: [ShardID: Child] = [:]
    private var isStopping = false
    /// Lets all connections remove what is not kept any longer, one after the other. Cancelled and awaited by a stop.
    private var sweep: Task<Void, Never>?
    private static let sweepPeriod = Duration.seconds(86_400)

    package init(_ environment: EngineEnvironment) {
        let (failures, failed) = AsyncStream.makeStream(of: (ShardID, CausewayError).self)
        self.failures = failures
        (purges, purge) = AsyncStream.makeStream(of: ShardID.self)
        startTime = environment.clock.now
        context = EngineContext(environment) { failed.yield(($0, $1)) }
    }

    // MARK: Life

    /// Makes the actors of all connections and starts their schedules; closes the runs that an earlier process left
    /// open and resumes them.
    ///
    /// - Throws: ``CausewayError`` when the store cannot be read. A single connection that cannot be started is
    ///   restarted by policy instead.
    package func start() async throws(CausewayError) {
        var after: String?
        var known: Set<ShardID> = []
        while true {
            let boots = try context.readStore { try BootState.page(in: $0, after: after, limit: 500) }
            for boot in boots {
                known.insert(boot.shard)
                await assign(boot)
            }
            guard let last = boots.last else { break }
            after = last.id
        }
        for shard in try context.readStore({ try BootState.orphans(in: $0, known: known) }) { purge.yield(shard) }
        await context.timers.arm(.system, at: context.clock.now + Self.sweepPeriod)
    }

    /// Serves timers, failures and removals until its task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.context.timers.run { shard, _ in await self.timerFired(shard) } }
            group.addTask {
                for await shard in self.purges { await self.remove(shard) }
            }
            for await (shard, error) in failures {
                // A task of its own: the failed actor's run may take a while to end.
                group.addTask {
                    guard let wait = await self.restartDelay(shard, error),
                        (try? await self.context.clock.sleep(for: wait)) != nil
                    else { return }
                    await self.restart(shard)
                }
            }
            group.cancelAll()
        }
    }

    /// No new runs; those in progress are stopped at their next checkpoint and end as interrupted. Returns when they
    /// have.
    package func stop() async {
        isStopping = true
        sweep?.cancel()
        await sweep?.value
        let connections = children.values.compactMap(\.connection).sorted { $0.shard < $1.shard }
        await withTaskGroup(of: Void.self) { group in
            for (index, connection) in connections.enumerated() {
                if index >= 256 { await group.next() }
                group.addTask { await connection.stop() }
            }
        }
    }

    private func timerFired(_ shard: ShardID) async {
        guard shard != .system else {
            await startSweep()
            return
        }
        await children[shard]?.connection?.timerFired()
    }

    /// Once a day. The shard `system` has no schedule, so that its timer is free for it.
    private func startSweep() async {
        guard !isStopping else { return }
        await context.timers.arm(.system, at: context.clock.now + Self.sweepPeriod)
        guard sweep == nil else { return }
        let connections = children.values.compactMap(\.connection).sorted { $0.shard < $1.shard }
        sweep = context.environment.spawner(on: .work) {
            for connection in connections where !Task.isCancelled { await connection.retain() }
            await self.sweepEnded()
        }
    }

    private func sweepEnded() { sweep = nil }

    // MARK: Children

    /// Takes a connection on: at boot, after it was made, and later when another machine hands it over.
    func assign(_ boot: BootState) async {
        let connection = Connection(
            id: boot.id, shard: boot.shard, lastRunNumber: boot.lastRunNumber, stored: boot.stored, context: context)
        var child = children[boot.shard] ?? Child(id: boot.id, shard: boot.shard)
        child.connection = connection
        children[boot.shard] = child
        directory.set(connection)
        await connection.start(boot)
    }

    /// Lets go of a connection; the name leads nowhere from here on.
    func unassign(_ shard: ShardID) -> Connection? {
        guard let child = children.removeValue(forKey: shard) else { return nil }
        directory.remove(child.id)
        return child.connection
    }

    private func restartDelay(_ shard: ShardID, _ error: CausewayError) async -> Duration? {
        guard var child = children[shard], !isStopping else { return nil }
        context.logger.error(
            "connection actor failed", metadata: ["connection": "\(child.id)", "error": "\(error)"])
        await child.connection?.abandon()
        var generator = RandomGenerator(context.environment.random)
        let decision = child.history.failed(
            at: context.clock.now, why: error.description, policy: context.limits.restart, random: &generator)
        child.connection = nil
        children[shard] = child
        directory.setRestarting(child.id, failure: error.message)
        switch decision {
        case .restart(let wait):
            return wait
        case .park:
            await park(shard, error)
            return context.limits.restart.backoff.ceiling
        }
    }

    /// Holds the connection until somebody resumes it. When even that cannot be written, the restart tries again.
    private func park(_ shard: ShardID, _ error: CausewayError) async {
        do {
            guard var stored = try context.readStore({ try ConnectionTable.get(in: $0, shard) }) else { return }
            stored.hold = Hold.parked.rawValue
            stored.holdReason = error.message
            var unit = context.unit(of: shard)
            try ConnectionTable.put(into: &unit, stored)
            try await context.store.commit(unit)
            children[shard]?.history.forgive()
        } catch {
            context.logger.error("connection could not be parked", metadata: ["error": "\(error)"])
        }
    }

    private func restart(_ shard: ShardID) async {
        guard let child = children[shard], child.connection == nil, !isStopping else { return }
        do {
            guard let boot = try context.readStore({ try BootState.of(child.id, in: $0) }) else { return }
            await assign(boot)
        } catch {
            context.childFailed(shard, error)
        }
    }

    private func remove(_ shard: ShardID) async {
        do {
            let ownership = context.environment.ownership(of: shard)
            while let unit = try context.readStore({ try EntityPurge.shard(ownership, in: $0) }) {
                try await context.store.commit(unit)
            }
        } catch {
            // What is left is found again at the next start.
            context.logger.warning("deleted data could not be removed", metadata: ["error": "\(error)"])
        }
    }
}
