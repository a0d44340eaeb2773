import CausewayCore

/// What every unit must keep to, whichever store takes it. Checked before a unit is queued: no look-up is needed.
package enum UnitRules {
    /// Bytes of keys and values in one unit: more makes other writes wait too long.
    package static let greatestUnitBytes = 64 << 20
    /// Changes in one unit, a key of a `deletePrefix` counting as one: more could fill a transaction's page list.
    package static let greatestUnitChanges = 81_920
    /// Bytes of keys and values in units that are applied together. They are all in memory at once.
    package static let greatestJointBytes = 256 << 20
    /// Changes in units that are applied together. LMDB writes pages out early when its list of them is full, so this
    /// bounds the time that other writes wait.
    package static let greatestJointChanges = 1 << 20
    /// LMDB's limit of a key.
    package static let greatestKeyBytes = 511
    package static let greatestValueBytes = 16 << 20

    /// - Throws: ``CausewayError`` `UNIT_TOO_LARGE` (resource exhausted) or `UNIT_INVALID` (internal).
    static func check(_ unit: CommitUnit) throws(CausewayError) {
        let prefix = KeyBuilder.key(unit.ownership.shard)
        var bytes = 0
        for mutation in unit.mutations {
            bytes += mutation.byteCount
            guard mutation.table != .ownership else {
                throw .unitInvalid("it changes the table of ownership, which the store itself keeps")
            }
            guard mutation.key.starts(with: prefix) else {
                throw .unitInvalid("a key in \(mutation.table.name) belongs to another shard")
            }
            guard mutation.key.count <= greatestKeyBytes else {
                throw .unitInvalid("a key in \(mutation.table.name) has \(mutation.key.count) bytes")
            }
            guard mutation.valueCount <= greatestValueBytes else {
                throw .unitInvalid("a value in \(mutation.table.name) has \(mutation.valueCount) bytes")
            }
            if case .deletePrefix(_, _, let limit) = mutation, limit < 1 {
                throw .unitInvalid("it deletes by prefix without a limit above zero")
            }
        }
        let changes = unit.changeCount
        guard bytes <= greatestUnitBytes, changes <= greatestUnitChanges else { throw .unitTooLarge(bytes, changes) }
    }

    /// As ``check(_:)``, for units that are applied together.
    static func check(together units: [CommitUnit]) throws(CausewayError) {
        var shards: Set<ShardID> = []
        for unit in units {
            try check(unit)
            guard shards.insert(unit.ownership.shard).inserted else {
                throw .unitInvalid("two units that are applied together are of one shard")
            }
        }
        let (bytes, changes) = (units.byteCount, units.changeCount)
        guard bytes <= greatestJointBytes, changes <= greatestJointChanges else {
            throw .unitsTooLarge(bytes, changes)
        }
    }
}

extension Mutation {
    package var table: Table {
        switch self {
        case .put(let table, _, _), .append(let table, _, _), .delete(let table, _), .deletePrefix(let table, _, _),
            .requireAbsent(let table, _), .requireEqual(let table, _, _):
            table
        }
    }

    /// The key, or the prefix of keys.
    var key: [UInt8] {
        switch self {
        case .put(_, let key, _), .append(_, let key, _), .delete(_, let key), .deletePrefix(_, let key, _),
            .requireAbsent(_, let key), .requireEqual(_, let key, _):
            key
        }
    }

    var valueCount: Int {
        switch self {
        case .put(_, _, let value), .append(_, _, let value), .requireEqual(_, _, let value): value.count
        case .delete, .deletePrefix, .requireAbsent: 0
        }
    }

    /// Keys that it may change.
    var changeCount: Int {
        switch self {
        case .put, .append, .delete: 1
        case .deletePrefix(_, _, let limit): limit
        case .requireAbsent, .requireEqual: 0
        }
    }
}

extension CommitUnit {
    /// Keys that it may change.
    var changeCount: Int {
        mutations.reduce(0) { sum, mutation in
            let (total, overflow) = sum.addingReportingOverflow(mutation.changeCount)
            return overflow ? Int.max : total
        }
    }
}

extension [CommitUnit] {
    var byteCount: Int { reduce(0) { $0 + $1.byteCount } }
    /// Keys that they may change, each one's record of ownership among them.
    var changeCount: Int { reduce(count) { $0 + $1.changeCount } }
}
