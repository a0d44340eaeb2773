package import CausewayCore
package import CausewayMessages
package import CausewayStore

// MARK: Metadata

/// A field with its figures.
package struct FieldView: Sendable {
    package var field: EntityField
    /// As of the last settling; nil before the first one that knew the field.
    package var figures: StoredFieldFigures?
    package var isPrimaryKey: Bool
}

extension Queries {
    /// The fields of an entity in their order, those behind the one with number `after`, and behind which the next page
    /// begins.
    ///
    /// - Throws: ``CausewayError`` (not found).
    package func fields(
        _ connection: String, _ entity: String, after: UInt32?, limit: Int
    ) throws(CausewayError) -> (entity: StoredEntity, views: [FieldView], next: UInt32?) {
        try ofEntity(connection, entity) { state, transaction in
            let fields = state.fieldsByPosition
            let start = after.flatMap { number in fields.firstIndex { $0.number == number } }.map { $0 + 1 } ?? 0
            let page = fields.dropFirst(start).prefix(limit)
            let views = try page.map { field in
                let figures = try FieldFigures.load(
                    in: transaction, state.shard, entity: state.entity.number, field: field.number)
                return FieldView(field, figures, of: state.entity)
            }
            return (state.entity, views, fields.count - start > limit ? page.last?.number : nil)
        }
    }

    /// - Throws: ``CausewayError`` (not found).
    package func field(
        _ connection: String, _ entity: String, _ label: String
    ) throws(CausewayError) -> (entity: StoredEntity, view: FieldView) {
        let shard = try directory.shard(of: connection)
        return try context.readStore { transaction in
            guard let stored = try context.recent.entity(in: transaction, shard, entity) else {
                throw CausewayError.notFound(ResourceName.entity(connection, entity))
            }
            guard let field = try context.recent.field(in: transaction, shard, entity: stored.number, label) else {
                throw CausewayError.notFound(ResourceName.field(connection, entity, label))
            }
            let figures = try context.recent.figures(
                in: transaction, shard, entity: stored.number, field: field.number)
            return (stored, FieldView(field, figures, of: stored))
        }
    }

    /// What changed in an entity's metadata, latest first, and before which the next page begins.
    ///
    /// - Throws: ``CausewayError`` (not found).
    package func metadataChanges(
        _ connection: String, _ entity: String, before: UInt64?, limit: Int
    ) throws(CausewayError) -> (changes: [MetadataChangeTable.Entry], next: UInt64?) {
        try ofEntity(connection, entity) { state, transaction in
            let found = try MetadataChangeTable.list(
                in: transaction, state.shard, entity: state.entity.number, before: before, limit: limit + 1)
            return (Array(found.prefix(limit)), found.count > limit ? found[limit - 1].sequence : nil)
        }
    }

    private func ofEntity<R>(
        _ connection: String, _ entity: String, _ body: (EntityState, borrowing ReadTransaction) throws -> R
    ) throws(CausewayError) -> R {
        let shard = try directory.shard(of: connection)
        return try context.readStore { transaction in
            guard let state = try EntityState.load(in: transaction, shard, entity) else {
                throw CausewayError.notFound(ResourceName.entity(connection, entity))
            }
            return try body(state, transaction)
        }
    }
}

extension FieldView {
    fileprivate init(_ field: EntityField, _ figures: StoredFieldFigures?, of entity: StoredEntity) {
        self.field = field
        self.figures = figures
        isPrimaryKey = entity.primaryKey.contains(field.stored.apiLabel)
    }
}
