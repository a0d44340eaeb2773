package import CausewayCore
package import CausewayMessages
package import CausewayStore

/// An entity with its figures.
package struct EntityView: Sendable {
    package var id: String
    package var state: EntityState
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
        let today = try lastDays().upperBound
        return try context.readStore { transaction in
            guard let stored = try ConnectionTable.get(in: transaction, shard) else {
                throw CausewayError.notFound(ResourceName.connection(connection))
            }
            var total = EntityFigures(today: today)
            let quarantined = try QuarantineCounters(in: transaction, shard).counts
            var views: [EntityView] = []
            for entry in try EntityTable.list(in: transaction, shard) {
                guard let state = try EntityState.load(in: transaction, shard, entry.id) else { continue }
                let figures = try EntityFigures(of: state, today: today, in: transaction)
                total.add(figures)
                views.append(
                    EntityView(
                        id: entry.id, state: state, figures: figures, quarantinedRows: quarantined[entry.id] ?? 0))
            }
            return ConnectionOverviewView(connection: stored, figures: total, entities: views)
        }
    }

    /// Entities by id, those behind `after`, and behind which the next page begins.
    package func entities(
        _ connection: String, after: String?, limit: Int
    ) throws(CausewayError) -> (views: [EntityView], next: String?) {
        let shard = try directory.shard(of: connection)
        let today = try lastDays().upperBound
        return try context.readStore { transaction in
            let entries = try EntityTable.list(
                in: transaction, shard, from: after.map { $0 + "\0" } ?? "", limit: limit + 1)
            let quarantined = try QuarantineCounters(in: transaction, shard).counts
            var views: [EntityView] = []
            for entry in entries.prefix(limit) {
                guard let state = try EntityState.load(in: transaction, shard, entry.id) else { continue }
                views.append(
                    EntityView(
                        id: entry.id, state: state,
                        figures: try EntityFigures(of: state, today: today, in: transaction),
                        quarantinedRows: quarantined[entry.id] ?? 0))
            }
            return (views, entries.count > limit ? entries[limit - 1].id : nil)
        }
    }

    /// - Throws: ``CausewayError`` (not found).
    package func entity(_ connection: String, _ entity: String) throws(CausewayError) -> EntityView {
        let shard = try directory.shard(of: connection)
        let today = try lastDays().upperBound
        return try context.readStore { transaction in
            guard let state = try EntityState.load(in: transaction, shard, entity) else {
                throw CausewayError.notFound(ResourceName.entity(connection, entity))
            }
            return EntityView(
                id: entity, state: state, figures: try EntityFigures(of: state, today: today, in: transaction),
                quarantinedRows: try QuarantineCounters(in: transaction, shard).counts[entity] ?? 0)
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
