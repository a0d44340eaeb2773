package import CausewayCore
package import CausewayMessages
package import CausewayStore

/// What people ask of the store about connections, without a hop to any actor.
package struct Queries: Sendable {
    let context: EngineContext
    let directory: ConnectionDirectory

    package init(_ supervisor: Supervisor) {
        context = supervisor.context
        directory = supervisor.directory
    }

    /// The last of "the last 7 days", on the organisation's wall clock.
    func today(in transaction: borrowing ReadTransaction) throws -> LocalDate {
        let zone = try context.recent.organisation(in: transaction)?.timeZone ?? OrganisationDefaults.timeZone
        return try context.environment.zones.local(context.clock.now, in: zone).date
    }
}

// MARK: Quarantine

extension Queries {
    /// - Throws: ``CausewayError`` (not found).
    package func quarantinedRow(_ connection: String, _ number: UInt64) throws(CausewayError) -> StoredQuarantinedRow {
        let shard = try directory.shard(of: connection)
        guard let row = try context.readStore({ try QuarantineTable.get(in: $0, shard, number) }) else {
            throw .notFound(ResourceName.quarantinedRow(connection, number))
        }
        return row
    }

    /// Those of `entities` that have a field marked sensitive.
    package func sensitiveEntities(
        _ connection: String, among entities: Set<String>
    ) throws(CausewayError) -> Set<String> {
        let shard = try directory.shard(of: connection)
        return try context.readStore { transaction in
            try entities.filter { entity in
                let state = try EntityState.load(in: transaction, shard, entity)
                return state?.fields.contains(where: \.stored.sensitive) ?? false
            }
        }
    }

    /// Rows, latest first, and where the next page begins.
    package func quarantinedRows(
        _ connection: String, run: UInt64?, before: UInt64?, limit: Int
    ) throws(CausewayError) -> (rows: [QuarantineTable.Entry], next: UInt64?) {
        let shard = try directory.shard(of: connection)
        return try context.readStore {
            try QuarantineTable.list(in: $0, shard, before: before, run: run, limit: limit)
        }
    }

    /// Rows, oldest first, and where the next page begins.
    package func quarantinedRowsOldestFirst(
        _ connection: String, run: UInt64?, after: UInt64, limit: Int
    ) throws(CausewayError) -> (rows: [QuarantineTable.Entry], next: UInt64?) {
        let shard = try directory.shard(of: connection)
        return try context.readStore {
            try QuarantineTable.listOldestFirst(in: $0, shard, after: after, run: run, limit: limit)
        }
    }

    /// Drops rows; numbers of which there is no row are passed over.
    package func dropQuarantinedRows(_ connection: String, _ numbers: [UInt64]) async throws(CausewayError) {
        _ = try await directory.connection(connection).dropQuarantinedRows(numbers)
    }
}
