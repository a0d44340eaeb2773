package import CausewayCore
package import CausewayMessages
package import CausewayStore

/// An entity with its figures.
package struct EntityView: Sendable {
    package var id: String
    package var entity: StoredEntity
    package var figures: EntityFigures
    package var quarantinedRows: Int64
}

/// A connection with the figures of all its entities.
package struct ConnectionOverviewView: Sendable {
    package var connection: StoredConnection
    package var figures: EntityFigures
    package var entities: [EntityView]
}

// MARK: Entities, fields and records

extension Queries {
    /// The figures of a connection, kept by every run.
    package func overview(_ connection: String) throws(CausewayError) -> ConnectionOverviewView {
        let shard = try directory.shard(of: connection)
        return try context.readStore { transaction in
            guard let stored = try context.recent.connection(in: transaction, shard) else {
                throw CausewayError.notFound(ResourceName.connection(connection))
            }
            let today = try today(in: transaction)
            var total = EntityFigures(today: today)
            let quarantined = try QuarantineCounters(in: transaction, shard).counts
            let views = try EntityTable.list(in: transaction, shard).map { entry in
                let view = try EntityView(entry.id, entry.entity, shard, quarantined, today, in: transaction)
                total.add(view.figures)
                return view
            }
            return ConnectionOverviewView(connection: stored, figures: total, entities: views)
        }
    }

    /// Entities by id, those behind `after`, and behind which the next page begins.
    package func entities(
        _ connection: String, after: String?, limit: Int
    ) throws(CausewayError) -> (views: [EntityView], next: String?) {
        let shard = try directory.shard(of: connection)
        return try context.readStore { transaction in
            let entries = try EntityTable.list(
                in: transaction, shard, from: after.map { $0 + "\0" } ?? "", limit: limit + 1)
            let today = try today(in: transaction)
            let quarantined = try QuarantineCounters(in: transaction, shard).counts
            let views = try entries.prefix(limit).map {
                try EntityView($0.id, $0.entity, shard, quarantined, today, in: transaction)
            }
            return (views, entries.count > limit ? entries[limit - 1].id : nil)
        }
    }

    /// - Throws: ``CausewayError`` (not found).
    package func entity(_ connection: String, _ entity: String) throws(CausewayError) -> EntityView {
        let shard = try directory.shard(of: connection)
        return try context.readStore { transaction in
            guard let stored = try context.recent.entity(in: transaction, shard, entity) else {
                throw CausewayError.notFound(ResourceName.entity(connection, entity))
            }
            return try EntityView(
                entity, stored, shard, try QuarantineCounters(in: transaction, shard).counts,
                try today(in: transaction), in: transaction)
        }
    }

    /// Records, last imported first, and where the next page begins.
    package func records(
        _ connection: String, _ entity: String, before: RecordPlace?, limit: Int
    ) throws(CausewayError) -> (fields: [EntityField], page: RecordPage) {
        let shard = try directory.shard(of: connection)
        return try context.readStore { transaction in
            guard let state = try EntityState.load(in: transaction, shard, entity) else {
                throw CausewayError.notFound(ResourceName.entity(connection, entity))
            }
            let fields = state.fieldsByPosition
            let page = try EntityReader.latest(
                in: transaction, state, fields: fields, before: before, limit: limit)
            return (fields, page)
        }
    }

    /// All records of an entity, as pieces of text: calls `piece` with each, and how many records they hold so far.
    ///
    /// - Parameter hidesSensitive: values of fields marked sensitive are written as null.
    /// - Throws: ``CausewayError``: not found; `EXPORT_OVERTAKEN` (aborted) when the entity is dropped meanwhile; what
    ///   `piece` throws, as itself.
    package func export(
        _ connection: String, _ entity: String, _ format: ExportFormat, hidesSensitive: Bool = false,
        piece: ([UInt8], Int64) async throws -> Void
    ) async throws {
        let shard = try directory.shard(of: connection)
        // Nil while it is restarted: then a unit of compaction may come in between, and the export says so.
        let actor = try? directory.connection(connection)
        await actor?.writing.enter()
        context.exports.begin(shard)
        actor?.writing.leave()
        do {
            var export = try context.readStore { transaction in
                guard let state = try EntityState.load(in: transaction, shard, entity) else {
                    throw CausewayError.notFound(ResourceName.entity(connection, entity))
                }
                return try EntityExport(state, format, hidesSensitive: hidesSensitive, in: transaction)
            }
            while let bytes = try export.next(reading: context.store) {
                try await piece(bytes, export.recordCount)
            }
        } catch {
            if context.exports.end(shard) { await actor?.startCompaction() }
            throw error
        }
        if context.exports.end(shard) { await actor?.startCompaction() }
    }
}

extension EntityView {
    /// - Parameter quarantined: rows in quarantine, by entity id.
    fileprivate init(
        _ id: String, _ stored: StoredEntity, _ shard: ShardID, _ quarantined: [String: Int64], _ today: LocalDate,
        in transaction: borrowing ReadTransaction
    ) throws {
        self.id = id
        entity = stored
        figures = try EntityFigures(of: stored, shard, today: today, in: transaction)
        quarantinedRows = quarantined[id] ?? 0
    }
}
