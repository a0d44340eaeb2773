import CausewayCore
import CausewayMessages
import CausewayStore
import Logging

/// What a connection does in the background, a bounded unit at a time.
enum Upkeep: Hashable, Sendable, CaseIterable {
    /// Removes data that belongs to no entity any more.
    case purge
    /// Removes what the organisation does not keep any longer.
    case retention
    /// Gives the space of replaced records back. Last, because it takes longest.
    case compaction
}

extension Connection {
    /// Has the work done soon; once more when it is being done already.
    func startUpkeep(_ work: Upkeep) {
        wantedUpkeep.insert(work)
        guard upkeep == nil else { return }
        upkeep = context.environment.spawner(on: .work) {
            while let work = await self.nextUpkeep() {
                switch work {
                case .purge: await self.purgeOrphans()
                case .retention: await self.retain()
                case .compaction: if await self.compact() == .later { await self.startUpkeep(.compaction) }
                }
            }
        }
    }

    private func nextUpkeep() -> Upkeep? {
        guard !Task.isCancelled, let work = Upkeep.allCases.first(where: { wantedUpkeep.contains($0) }) else {
            upkeep = nil
            return nil
        }
        wantedUpkeep.remove(work)
        return work
    }

    /// Removes runs, logs and rows in quarantine that are older, or more, than the organisation keeps.
    ///
    /// Never throws: what could not be removed is found again the next time.
    nonisolated func retain() async {
        do {
            let organisation = try context.readStore { try OrganisationTable.get(in: $0) }
            let retention = Retention(organisation?.retention)
            try await retainRuns(retention)
            try await retainQuarantine(retention)
        } catch {
            context.logger.warning(
                "what is not kept any longer could not be removed",
                metadata: ["connection": "\(id)", "error": "\(error)"])
        }
    }

    /// Runs in the order of their numbers, which is about that of their ends. The last one stays: its number is the
    /// connection's last.
    private nonisolated func retainRuns(_ retention: Retention) async throws(CausewayError) {
        let now = context.clock.now
        let runsEnd = retention.runs.map { now - $0 }
        let logsEnd = retention.logs.map { now - $0 }
        var after: UInt64 = 0
        while !Task.isCancelled {
            var unit = context.unit(of: shard)
            let page = try context.readStore { transaction in
                let last = try RunTable.latestNumber(in: transaction, shard)
                let page = try RunTable.listOldestFirst(in: transaction, shard, after: after, limit: 8)
                var isYoung = page.isEmpty
                for entry in page where entry.number != last && entry.run.runState.isEnded {
                    let end = Timestamp(micros: entry.run.endMicros)
                    let isGone = runsEnd.map { end < $0 } ?? false
                    let isSilent = isGone || logsEnd.map { end < $0 } ?? false
                    if isSilent, try RunLogTable.latestSequence(in: transaction, shard, run: entry.number) > 0 {
                        RunLogTable.delete(from: &unit, run: entry.number, limit: context.limits.logEntries + 1)
                    }
                    if isGone { RunTable.delete(from: &unit, entry.number) }
                    isYoung = isYoung || !isSilent
                }
                return (last: page.last?.number, isYoung: isYoung)
            }
            if !unit.mutations.isEmpty { try await context.store.commit(unit) }
            guard !page.isYoung, let last = page.last else { return }
            after = last
        }
    }

    private nonisolated func retainQuarantine(_ retention: Retention) async throws(CausewayError) {
        let oldest = retention.quarantine.map { context.clock.now - $0 }
        while !Task.isCancelled {
            await writing.enter()
            defer { writing.leave() }
            var unit = context.unit(of: shard)
            let isDone = try context.readStore { transaction in
                var counters = try QuarantineCounters(in: transaction, shard)
                guard counters.total > 0 else { return true }
                let page = try QuarantineTable.listOldestFirst(
                    in: transaction, shard, limit: 1_000, byteLimit: 4 << 20)
                for entry in page.rows {
                    let isOld = oldest.map { entry.row.createMicros < $0.micros } ?? false
                    guard isOld || retention.quarantinedRows.map({ counters.total > $0 }) ?? false else { break }
                    QuarantineTable.delete(from: &unit, entry.sequence)
                    counters.remove(1, of: entry.row.entity)
                }
                if !unit.mutations.isEmpty { counters.put(into: &unit) }
                return unit.mutations.isEmpty
            }
            guard !isDone else { return }
            try await context.store.commit(unit)
        }
    }
}
