import CausewayCore
import CausewayMessages
import CausewayStore
import Logging

// Compaction gives the space of replaced records back and keeps look-ups of keys quick, in the background.
//
// It runs after runs, never beside one: each of its units is prepared and committed under the connection's gate, by whoever
// has seen under it that no run is in progress. One connection in all of the daemon is at it at a time, and rests after
// each unit for longer than the unit took. It keeps no state: what a stop leaves is found after the next run.
extension Connection {
    /// How a compaction came to its end.
    enum CompactionEnd: Hashable, Sendable {
        case done
        /// A run or an export has begun; at its end compaction begins again.
        case overtaken
        /// Other upkeep waits.
        case later
        /// Somebody edited an entity meanwhile.
        case edited
    }

    /// Has the connection compacted soon, unless it is at its end.
    func startCompaction() {
        guard !machine.isStopping, !machine.isDeleting else { return }
        startUpkeep(.compaction)
    }

    /// Compacts all entities of the connection.
    ///
    /// Never throws: what could not be done is found again the next time.
    nonisolated func compact() async -> CompactionEnd {
        do {
            return try await context.compactions.withPermit {
                let entities = try context.readStore { try EntityTable.list(in: $0, shard).map(\.id) }
                for entity in entities {
                    let end = try await compact(entity)
                    guard end == .done else { return end }
                }
                return .done
            }
        } catch {
            if !Task.isCancelled {
                context.logger.warning(
                    "records could not be compacted", metadata: ["connection": "\(id)", "error": "\(error)"])
            }
            return .done
        }
    }

    private nonisolated func compact(_ entity: String) async throws -> CompactionEnd {
        let merged = try await mergeKeys(of: entity)
        guard merged == .done else { return merged }
        for _ in 0..<16 {
            let end = try await compactOnce(entity)
            guard end == .edited else { return end }
        }
        return .done
    }

    /// Merges keys until no merge is due: imports do no more than one step with each of their batches.
    private nonisolated func mergeKeys(of entity: String) async throws -> CompactionEnd {
        let run = await lastRun
        while true {
            let start = context.clock.uptime
            if let end = try await mergeStep(of: entity, since: run) { return end }
            try await rest(since: start)
        }
    }

    /// - Returns: nil when there may be more to do.
    private nonisolated func mergeStep(
        of entity: String, since run: UInt64
    ) async throws(CausewayError) -> CompactionEnd? {
        await writing.enter()
        defer { writing.leave() }
        if let obstacle = await obstacle(since: run) { return obstacle }
        let seed = context.environment.contentSeed
        let step = try context.readStore { transaction in
            try EntityState.load(in: transaction, shard, entity).flatMap {
                try EntityWriter.mergeStep(shard, entity: $0.entity.number, seed: seed, in: transaction)
            }
        }
        guard let step else { return .done }
        try await commit(step)
        return nil
    }

    private nonisolated func compactOnce(_ entity: String) async throws -> CompactionEnd {
        let run = await lastRun
        var edits = writing.edits
        let begun = try Compaction.begin(
            entity, shard, seed: context.environment.contentSeed, limits: context.limits.compaction,
            reading: context.store)
        guard var compaction = begun else { return .done }
        while true {
            let start = context.clock.uptime
            if let end = try await step(&compaction, since: run, &edits) {
                tell(compaction.report, entity)
                return end
            }
            try await rest(since: start)
        }
    }

    /// - Parameter edits: how many there were when the compaction was begun, and its own since then.
    /// - Returns: nil when there may be more to do.
    private nonisolated func step(
        _ compaction: inout Compaction, since run: UInt64, _ edits: inout UInt64
    ) async throws -> CompactionEnd? {
        await writing.enter()
        defer { writing.leave() }
        if let obstacle = await obstacle(since: run) { return obstacle }
        guard edits == writing.edits else { return .edited }
        guard let mutations = try compaction.next(reading: context.store) else { return .done }
        guard !mutations.isEmpty else { return nil }
        try await commit(mutations)
        // Whoever counts statistics and looked at the store before this begins anew.
        writing.noteEdit()
        edits += 1
        return nil
    }

    /// What stands against a unit now, seen under the gate.
    private func obstacle(since run: UInt64) -> CompactionEnd? {
        guard machine.run == nil, machine.lastRunNumber == run, context.exports.allowsCompaction(of: shard) else {
            return .overtaken
        }
        return wantedUpkeep.isEmpty ? nil : .later
    }

    /// Leaves store and processor to others, for longer than the last unit took. The gate is free meanwhile.
    private nonisolated func rest(since start: Duration) async throws {
        let busy = context.clock.uptime - start
        try await context.clock.sleep(for: max(context.limits.compactionRest, busy * 3))
    }

    private nonisolated func commit(_ mutations: [Mutation]) async throws(CausewayError) {
        var unit = context.unit(of: shard)
        unit.mutations = mutations
        try await context.store.commit(unit)
    }

    private nonisolated func tell(_ report: Compaction.Report, _ entity: String) {
        guard report.removedSegments > 0 else { return }
        context.logger.info(
            "records compacted",
            metadata: [
                "connection": "\(id)", "entity": "\(entity)", "removed_records": "\(report.removedRecords)",
                "moved_records": "\(report.movedRecords)", "bytes_before": "\(report.bytesBefore)",
                "bytes_after": "\(report.bytesAfter)",
            ])
    }
}
