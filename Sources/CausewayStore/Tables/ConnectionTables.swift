package import CausewayCore
package import CausewayMessages

/// A shard's connection. Here and below a unit writes into the shard of its ownership.
package enum ConnectionTable {
    package static func get(in transaction: borrowing ReadTransaction, _ shard: ShardID) throws -> StoredConnection? {
        try TableAccess.get(StoredConnection.self, .connections, KeyBuilder.key(shard), in: transaction)
    }

    package static func put(into unit: inout CommitUnit, _ connection: StoredConnection) throws(CausewayError) {
        try unit.put(.connections, KeyBuilder.key(unit.ownership.shard), message: connection)
    }

    package static func delete(from unit: inout CommitUnit) {
        unit.delete(.connections, KeyBuilder.key(unit.ownership.shard))
    }
}

/// A connection's credentials, sealed by the vault.
package enum CredentialTable {
    package static func get(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, _ name: String
    ) throws -> [UInt8]? {
        try transaction.value(.credentials, KeyBuilder.key(shard, name))
    }

    /// All of the shard, by name.
    package static func list(
        in transaction: borrowing ReadTransaction, _ shard: ShardID
    ) throws -> [(name: String, sealed: [UInt8])] {
        var credentials: [(name: String, sealed: [UInt8])] = []
        try transaction.scan(.credentials, KeyRange(prefix: KeyBuilder.key(shard))) { key, value in
            credentials.append((KeyTail(.credentials, key).text(), Array(value)))
            return .next
        }
        return credentials
    }

    /// The names of all of the shard, in their order; nothing sealed is copied.
    package static func names(in transaction: borrowing ReadTransaction, _ shard: ShardID) throws -> [String] {
        var names: [String] = []
        try transaction.scan(.credentials, KeyRange(prefix: KeyBuilder.key(shard))) { key, _ in
            names.append(KeyTail(.credentials, key).text())
            return .next
        }
        return names
    }

    package static func put(into unit: inout CommitUnit, _ name: String, sealed: [UInt8]) {
        unit.put(.credentials, KeyBuilder.key(unit.ownership.shard, name), sealed)
    }

    package static func delete(from unit: inout CommitUnit, _ name: String) {
        unit.delete(.credentials, KeyBuilder.key(unit.ownership.shard, name))
    }
}

/// Where a connection's schedule has got to.
package enum ScheduleStateTable {
    package static func get(
        in transaction: borrowing ReadTransaction, _ shard: ShardID
    ) throws -> StoredScheduleState? {
        try TableAccess.get(StoredScheduleState.self, .scheduleStates, KeyBuilder.key(shard), in: transaction)
    }

    package static func put(into unit: inout CommitUnit, _ state: StoredScheduleState) throws(CausewayError) {
        try unit.put(.scheduleStates, KeyBuilder.key(unit.ownership.shard), message: state)
    }
}

/// Slots that did not become runs.
package enum SkippedSlotTable {
    /// A slot and why it was skipped.
    package struct Entry: Hashable, Sendable {
        package var slot: Timestamp
        package var value: StoredSkippedSlot
    }

    /// Latest first, those before `end` (nil: all).
    package static func list(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, before end: Timestamp? = nil, limit: Int
    ) throws -> [Entry] {
        let all = KeyRange(prefix: KeyBuilder.key(shard))
        let range = KeyRange(from: all.lower, upTo: end.map { key(shard, $0) } ?? all.upper)
        return try TableAccess.list(
            StoredSkippedSlot.self, .skippedSlots, range, reverse: true, limit: limit, in: transaction
        ) { key, value in
            Entry(slot: Timestamp(micros: OrderedNumber.decode(try key.number())), value: value)
        }
    }

    package static func put(
        into unit: inout CommitUnit, _ slot: Timestamp, _ value: StoredSkippedSlot
    ) throws(CausewayError) {
        try unit.put(.skippedSlots, key(unit.ownership.shard, slot), message: value)
    }

    package static func delete(from unit: inout CommitUnit, _ slot: Timestamp) {
        unit.delete(.skippedSlots, key(unit.ownership.shard, slot))
    }

    private static func key(_ shard: ShardID, _ slot: Timestamp) -> [UInt8] {
        KeyBuilder.key(shard, OrderedNumber.encode(slot.micros))
    }
}
