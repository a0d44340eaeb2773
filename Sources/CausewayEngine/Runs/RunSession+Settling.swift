import CausewayCore
import CausewayMessages
import CausewayStore

/// How far figures are settled.
enum SettlingBudget: Hashable, Sendable {
    /// To the end; a cancelled task stops it.
    case whole
    /// The run was cancelled, and has so long: what is left is done by the next run.
    case atMost(Duration)
}

extension RunSession {
    /// Brings the figures of entities up to date with their records. A run calls it at its end, however it ended; nothing
    /// is lost when it does not come to its end.
    mutating func settle(_ entities: [String], _ budget: SettlingBudget) async throws(CausewayError) {
        let start = context.clock.uptime
        for entity in entities {
            var attempt = 0
            while try await !settle(entity, .incremental, budget, since: start), attempt < 16 { attempt += 1 }
        }
    }

    /// Counts an entity's figures anew from its records, and says which of the kept ones were wrong.
    mutating func recount(_ entity: String) async throws(CausewayError) {
        var attempt = 0
        while try await !settle(entity, .recount, .whole, since: .zero) {
            attempt += 1
            guard attempt < 16 else {
                throw CausewayError(
                    .aborted, reason: "ENTITY_CHANGING",
                    "\(entity) was edited again and again while it was counted; reload its statistics later.",
                    retry: .backoff)
            }
        }
    }

    /// - Returns: false when somebody edited the entity meanwhile: to be begun anew.
    private mutating func settle(
        _ entity: String, _ mode: Settlement.Mode, _ budget: SettlingBudget, since start: Duration
    ) async throws(CausewayError) -> Bool {
        let edits = connection.writing.edits
        let begun = try begin(entity, mode)
        guard var settlement = begun else { return true }
        while true {
            switch budget {
            case .whole: guard !Task.isCancelled else { throw .cancelled }
            case .atMost(let longest): guard context.clock.uptime - start < longest else { return true }
            }
            await connection.writing.enter()
            defer { connection.writing.leave() }
            guard edits == connection.writing.edits else { return false }
            let rows = settlement.rowsRead
            let begin = context.clock.uptime
            guard let mutations = try step(&settlement) else { break }
            account.meter.add(
                .settle, context.clock.uptime - begin, rows: Int(clamping: settlement.rowsRead - rows))
            guard !mutations.isEmpty else { continue }
            var unit = context.unit(of: shard)
            unit.mutations = mutations
            try await commit(unit, stage: .settle, activity: "settling the statistics of \(entity)")
        }
        if mode == .recount {
            let (differences, wasCurrent) = (settlement.differences, settlement.wasCurrent)
            say(wasCurrent ? differences : nil, entity)
        }
        return true
    }

    private func begin(
        _ entity: String, _ mode: Settlement.Mode
    ) throws(CausewayError) -> Settlement? {
        do {
            return try Settlement.begin(
                entity, shard, seed: context.environment.contentSeed, mode: mode, now: context.clock.now,
                limits: context.limits.statistics, after: running(entity), reading: context.store)
        } catch {
            throw .wrapping(error)
        }
    }

    private func step(_ settlement: inout Settlement) throws(CausewayError) -> [Mutation]? {
        do {
            return try settlement.next(reading: context.store)
        } catch {
            throw .wrapping(error)
        }
    }

    /// - Parameter differences: nil when there were no figures of the same records to compare with.
    private mutating func say(_ differences: [FigureDifference]?, _ entity: String) {
        guard let differences else {
            account.say(.info, "statistics counted; the kept ones were not up to date", ["entity": entity])
            return
        }
        guard !differences.isEmpty else {
            account.say(.info, "statistics counted; all figures agree", ["entity": entity])
            return
        }
        let figures = differences.map { difference in
            difference.field.map { "\($0): \(difference.figure)" } ?? difference.figure
        }
        account.say(
            .warning, "statistics counted; some figures differed",
            ["entity": entity, "count": String(differences.count), "figures": figures.enumeration])
    }
}

extension LocalSession {
    /// Counts the figures of the run's entity anew, or of all.
    mutating func recount() async throws(CausewayError) {
        let subject = plan.scope.subject
        let entities =
            subject.isEmpty
            ? try context.readStore { try EntityTable.list(in: $0, shard).map(\.id) } : [subject]
        for entity in entities {
            guard !Task.isCancelled else { throw .cancelled }
            try await recount(entity)
        }
    }
}

extension Connection {
    /// How far a run that ends now settles: not at all when another one goes on from there, or there is nothing to keep.
    func settlingBudget() -> SettlingBudget? {
        guard case .stopping(let reason)? = machine.run?.phase else { return .whole }
        switch reason {
        case .cancelled, .stalled: return .atMost(.milliseconds(300))
        case .shutdown, .deleted: return nil
        }
    }
}
