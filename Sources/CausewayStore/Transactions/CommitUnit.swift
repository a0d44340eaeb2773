package import CausewayCore

/// One atomic change of the store, decided before the write transaction begins.
///
/// Applying a unit is pure, total and deterministic: no clock, no randomness, no look-up decides anything in it. Units
/// applied in order to an empty store give the same store, byte for byte in every table.
package struct CommitUnit: Sendable {
    /// On whose behalf; checked in the transaction.
    package var ownership: Ownership
    package var mutations: [Mutation]

    package init(_ ownership: Ownership, _ mutations: [Mutation] = []) {
        self.ownership = ownership
        self.mutations = mutations
    }

    package mutating func put(_ table: Table, _ key: [UInt8], _ value: [UInt8]) {
        mutations.append(.put(table, key: key, value: value))
    }
    package mutating func delete(_ table: Table, _ key: [UInt8]) {
        mutations.append(.delete(table, key: key))
    }

    /// Bytes that the unit writes, about.
    package var byteCount: Int { mutations.reduce(0) { $0 + $1.byteCount } }
}

/// Who may change a shard: the actor of the given epoch. The epoch rises at each start of the daemon, so that a unit
/// prepared before a restart, or by another machine later, is refused.
package struct Ownership: Hashable, Sendable {
    package var shard: ShardID
    package var epoch: UInt64

    package init(shard: ShardID, epoch: UInt64) {
        self.shard = shard
        self.epoch = epoch
    }
}

/// One change of one table. Keys begin with the shard of the unit's ownership: a unit with a key of another shard is
/// refused whole. Making a connection is therefore two units: its shard's own first, then the directory entry that makes
/// it visible. Requirements look at the state before the unit, wherever they stand in it.
package enum Mutation: Sendable {
    /// Sets the value of a key.
    case put(Table, key: [UInt8], value: [UInt8])
    /// As `put`, for a key above all keys of the table with the same entity: cheaper when keys ascend.
    case append(Table, key: [UInt8], value: [UInt8])
    /// Removes a key; no error when it is not there.
    case delete(Table, key: [UInt8])
    /// Removes at most `limit` keys that begin with `prefix`, lowest first.
    case deletePrefix(Table, prefix: [UInt8], limit: Int)
    /// Fails the whole unit with reason `COMMIT_CONFLICT` unless the key is absent.
    case requireAbsent(Table, key: [UInt8])
    /// Fails the whole unit with reason `COMMIT_CONFLICT` unless the key has exactly this value.
    case requireEqual(Table, key: [UInt8], value: [UInt8])

    package var byteCount: Int {
        switch self {
        case .put(_, let key, let value), .append(_, let key, let value): key.count + value.count
        case .delete(_, let key), .requireAbsent(_, let key), .requireEqual(_, let key, _): key.count
        case .deletePrefix(_, let prefix, _): prefix.count
        }
    }
}

/// What a commit did.
package struct CommitReceipt: Hashable, Sendable {
    /// The shard's position after the unit: how many units were ever applied to it.
    package var position: UInt64
    package init(position: UInt64) { self.position = position }
}
