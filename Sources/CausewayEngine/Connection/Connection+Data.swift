package import CausewayCore
import CausewayMessages
import CausewayStore
import Logging

/// What is to be changed of a field; nil: as it is.
package struct FieldEdit: Hashable, Sendable {
    package var displayName: String?
    package var required: Bool?
    package var readOnly: Bool?
    package var sensitive: Bool?

    package init() {}
}

// What people change of a connection's entities. Runs in progress see it with their next batch.
extension Connection {
    /// Changes an entity's display name; empty: its id is shown.
    ///
    /// - Throws: ``CausewayError``: not found; the store's.
    package nonisolated func updateEntity(
        _ entity: String, displayName: String
    ) async throws(CausewayError) {
        try await edit(entity) { (state, _) throws(CausewayError) in state.entity.displayName = displayName }
    }

    /// Changes what people say about a field; fetches leave it as it is from then on.
    ///
    /// - Parameter label: the field's API label.
    /// - Throws: ``CausewayError``: not found; the store's.
    package nonisolated func updateField(
        _ entity: String, _ label: String, _ edit: FieldEdit
    ) async throws(CausewayError) {
        let now = context.clock.now
        try await self.edit(entity) { (state, unit) throws(CausewayError) in
            guard let index = state.fields.firstIndex(where: { $0.stored.apiLabel == label }) else {
                throw .notFound(ResourceName.field(id, entity, label))
            }
            let changes = state.fields[index].stored.apply(edit)
            guard !changes.isEmpty else { return }
            var change = StoredMetadataChange()
            change.createMicros = now.micros
            change.fields = changes
            try state.record(change, into: &unit)
        }
    }

    private nonisolated func edit(
        _ entity: String, _ change: (inout EntityState, inout CommitUnit) throws(CausewayError) -> Void
    ) async throws(CausewayError) {
        await writing.enter()
        defer { writing.leave() }
        var state = try entityState(entity)
        var unit = context.unit(of: shard)
        try change(&state, &unit)
        unit.mutations += try state.seal()
        guard !unit.mutations.isEmpty else { return }
        try await context.store.commit(unit)
        writing.noteEdit()
    }

    nonisolated func entityState(_ entity: String) throws(CausewayError) -> EntityState {
        guard let state = try context.readStore({ try EntityState.load(in: $0, shard, entity) }) else {
            throw .notFound(ResourceName.entity(id, entity))
        }
        return state
    }

    /// Deletes the records, figures, fields and rows in quarantine of an entity; what was fetched is fetched again by the
    /// next run. The records are gone when this returns, their space is freed in the background.
    ///
    /// Rows in quarantine go first, while the entity still says which of its fields are sensitive. A call that ends in
    /// between has deleted some of them and nothing else.
    ///
    /// - Returns: how many records there were.
    /// - Throws: ``CausewayError``: not found; `RUN_IN_PROGRESS` (failed precondition); the store's.
    package func deleteEntityData(_ entity: String) async throws(CausewayError) -> Int64 {
        try refuseDeletionInRun()
        while true {
            guard !Task.isCancelled else { throw .cancelled }
            await writing.enter()
            defer { writing.leave() }
            // A run that was asked for while this waited has not looked at the entity yet, or it has and goes first.
            try refuseDeletionInRun()
            let state = try entityState(entity)
            guard let unit = try nextQuarantineRemoval(entity) else {
                try await deleteRecords(of: state)
                return state.entity.recordCount
            }
            try await context.store.commit(unit)
        }
    }

    /// The next of the units that remove an entity's rows in quarantine; nil when there are none left.
    private func nextQuarantineRemoval(_ entity: String) throws(CausewayError) -> CommitUnit? {
        var unit = context.unit(of: shard)
        try context.readStore { transaction in
            var counters = try QuarantineCounters(in: transaction, shard)
            guard counters.counts[entity] != nil else { return }
            var next: UInt64? = 0
            while let after = next, unit.mutations.isEmpty {
                let page = try QuarantineTable.listOldestFirst(
                    in: transaction, shard, after: after, entity: entity, limit: 2_000, byteLimit: 4 << 20)
                for row in page.rows { QuarantineTable.delete(from: &unit, row.sequence) }
                counters.remove(page.rows.count, of: entity)
                next = page.next
            }
            if unit.mutations.isEmpty { counters.forget(entity) }
            counters.put(into: &unit)
        }
        return unit.mutations.isEmpty ? nil : unit
    }

    /// Under the gate.
    private func deleteRecords(of state: EntityState) async throws(CausewayError) {
        var unit = context.unit(of: shard)
        var emptied = try context.readStore { try EntityPurge.dropRecords(of: state, in: $0) }
        emptied.entity.nextKilled = 0
        emptied.entity.nextMetadataChange = 0
        emptied.entity.figures = nil
        unit.mutations += try emptied.seal()
        PurgeMarkTable.set(in: &unit)
        try await context.store.commit(unit)
        writing.noteEdit()
        startUpkeep(.purge)
    }

    private func refuseDeletionInRun() throws(CausewayError) {
        guard let run = machine.run?.plan.number else { return }
        throw CausewayError(
            .failedPrecondition, reason: "RUN_IN_PROGRESS",
            "Run \(run) is in progress; wait for its end or cancel it, then delete the data.",
            metadata: ["run": String(run)])
    }

    /// Removes data that belongs to no entity any more, a unit at a time.
    nonisolated func purgeOrphans() async {
        do {
            let ownership = context.environment.ownership(of: shard)
            while !Task.isCancelled {
                // Under the gate: a run that makes a new entity must not look like an orphan's owner.
                await writing.enter()
                defer { writing.leave() }
                guard let unit = try context.readStore({ try EntityPurge.orphans(ownership, in: $0) }) else {
                    var unit = context.unit(of: shard)
                    PurgeMarkTable.remove(from: &unit)
                    try await context.store.commit(unit)
                    return
                }
                try await context.store.commit(unit)
            }
        } catch {
            // The mark stays: the next start goes on.
            context.logger.warning(
                "deleted records could not be removed", metadata: ["connection": "\(id)", "error": "\(error)"])
        }
    }
}

extension StoredField {
    /// - Returns: what changed, attribute by attribute.
    mutating func apply(_ edit: FieldEdit) -> [StoredFieldChange] {
        var changes: [StoredFieldChange] = []
        func note(_ attribute: String, _ value: String) {
            var change = StoredFieldChange()
            change.apiLabel = apiLabel
            change.kind = FieldChangeKind.edited.rawValue
            change.before = attribute
            change.after = value
            changes.append(change)
        }
        if let name = edit.displayName, name != displayName { note("display_name", name) }
        if let flag = edit.required, flag != required { note("required", String(flag)) }
        if let flag = edit.readOnly, flag != readOnly { note("read_only", String(flag)) }
        if let flag = edit.sensitive, flag != sensitive { note("sensitive", String(flag)) }
        guard !changes.isEmpty else { return [] }
        if let name = edit.displayName { displayName = name }
        if let flag = edit.required { required = flag }
        if let flag = edit.readOnly { readOnly = flag }
        if let flag = edit.sensitive { sensitive = flag }
        edited = true
        return changes
    }
}

extension EntityState {
    /// How many changes of metadata an entity keeps.
    static let keptMetadataChanges: UInt64 = 1_000

    /// Puts a change of the entity's metadata down, and lets the oldest go.
    ///
    /// - Returns: its number.
    @discardableResult
    mutating func record(_ change: StoredMetadataChange, into unit: inout CommitUnit) throws(CausewayError) -> UInt64 {
        let sequence = max(1, entity.nextMetadataChange)
        entity.nextMetadataChange = sequence + 1
        try MetadataChangeTable.put(into: &unit, entity: entity.number, sequence, change)
        if sequence > Self.keptMetadataChanges {
            MetadataChangeTable.delete(from: &unit, entity: entity.number, sequence - Self.keptMetadataChanges)
        }
        return sequence
    }
}

/// What happened to a field. Raw values are stored, and the API's.
package enum FieldChangeKind: Int32, Hashable, Sendable {
    case added = 1
    case widened = 2
    case missing = 3
    case returned = 4
    case edited = 5
}
