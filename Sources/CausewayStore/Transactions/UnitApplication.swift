import CausewayCore

/// The tables inside a write transaction, as far as applying a unit needs them.
protocol TableWriter: ~Copyable {
    associatedtype Failure: Error

    /// Calls `body` with the value of `key`, nil when there is none.
    borrowing func withValue<R>(
        _ table: Table, _ key: [UInt8], _ body: (UnsafeRawBufferPointer?) -> R
    ) throws(Failure) -> R
    /// - Parameter ascending: the key is likely above all others.
    mutating func put(_ table: Table, _ key: [UInt8], _ value: [UInt8], ascending: Bool) throws(Failure)
    mutating func delete(_ table: Table, _ key: [UInt8]) throws(Failure)
    mutating func deletePrefix(_ table: Table, _ prefix: [UInt8], limit: Int) throws(Failure)
}

/// What became of one unit inside a transaction.
enum UnitOutcome: Sendable {
    /// Written; the shard's position after it.
    case applied(UInt64)
    /// Nothing of it was written.
    case refused(CausewayError)
}

/// The one place where units become changes of tables; both stores use it.
enum UnitApplication {
    /// Checks all that the unit asks for, then writes all of it: a refused unit leaves no trace, so that no nested
    /// transaction is needed. Requirements look at the state before the unit, wherever they stand in it.
    ///
    /// - Throws: what the tables throw; then the whole transaction is void.
    static func apply<Writer: TableWriter & ~Copyable>(
        _ unit: CommitUnit, to tables: inout Writer
    ) throws(Writer.Failure) -> UnitOutcome {
        switch try check(unit, in: tables) {
        case .refused(let error): return .refused(error)
        case .granted(let record):
            try write(unit, record, to: &tables)
            return .applied(record.position)
        }
    }

    /// As ``apply(_:to:)`` for units of different shards: all are checked before the first is written.
    ///
    /// - Returns: when applied, how many there were.
    static func apply<Writer: TableWriter & ~Copyable>(
        together units: [CommitUnit], to tables: inout Writer
    ) throws(Writer.Failure) -> UnitOutcome {
        var records: [OwnershipRecord] = []
        records.reserveCapacity(units.count)
        for unit in units {
            switch try check(unit, in: tables) {
            case .refused(let error): return .refused(error)
            case .granted(let record): records.append(record)
            }
        }
        for (unit, record) in zip(units, records) { try write(unit, record, to: &tables) }
        return .applied(UInt64(units.count))
    }

    /// Whether a unit may be written.
    private enum Permission {
        /// It may, and this is its shard's record then.
        case granted(OwnershipRecord)
        case refused(CausewayError)
    }

    private static func check<Writer: TableWriter & ~Copyable>(
        _ unit: CommitUnit, in tables: borrowing Writer
    ) throws(Writer.Failure) -> Permission {
        let stored = try tables.withValue(.ownership, KeyBuilder.key(unit.ownership.shard)) { OwnershipRecord.read($0) }
        guard let stored else {
            return .refused(.damaged("The owner of shard \(unit.ownership.shard) is not readable."))
        }
        guard unit.ownership.epoch >= stored.epoch else {
            return .refused(.ownershipLost(unit.ownership, stored: stored.epoch))
        }
        for mutation in unit.mutations {
            guard try holds(mutation, in: tables) else { return .refused(.conflict(mutation.table)) }
        }
        return .granted(OwnershipRecord(epoch: unit.ownership.epoch, position: stored.position + 1))
    }

    private static func write<Writer: TableWriter & ~Copyable>(
        _ unit: CommitUnit, _ record: OwnershipRecord, to tables: inout Writer
    ) throws(Writer.Failure) {
        try tables.put(.ownership, KeyBuilder.key(unit.ownership.shard), record.bytes, ascending: false)
        for mutation in unit.mutations {
            switch mutation {
            case .put(let table, let key, let value): try tables.put(table, key, value, ascending: false)
            case .append(let table, let key, let value): try tables.put(table, key, value, ascending: true)
            case .delete(let table, let key): try tables.delete(table, key)
            case .deletePrefix(let table, let prefix, let limit):
                try tables.deletePrefix(table, prefix, limit: limit)
            case .requireAbsent, .requireEqual: break
            }
        }
    }

    private static func holds<Writer: TableWriter & ~Copyable>(
        _ mutation: Mutation, in tables: borrowing Writer
    ) throws(Writer.Failure) -> Bool {
        switch mutation {
        case .requireAbsent(let table, let key): try tables.withValue(table, key) { $0 == nil }
        case .requireEqual(let table, let key, let value):
            try tables.withValue(table, key) { $0.map { $0.elementsEqual(value) } ?? false }
        case .put, .append, .delete, .deletePrefix: true
        }
    }
}

/// The stored value of ``Table/ownership``: epoch and position, eight big-endian bytes each.
package struct OwnershipRecord: Hashable, Sendable {
    package var epoch: UInt64
    package var position: UInt64

    package init(epoch: UInt64, position: UInt64) {
        self.epoch = epoch
        self.position = position
    }

    package var bytes: [UInt8] {
        withUnsafeBytes(of: (epoch.bigEndian, position.bigEndian)) { [UInt8]($0) }
    }

    /// A shard without a record has never been written; nil when the bytes are no record.
    package static func read(_ bytes: UnsafeRawBufferPointer?) -> OwnershipRecord? {
        guard let bytes else { return OwnershipRecord(epoch: 0, position: 0) }
        guard bytes.count == 16 else { return nil }
        return OwnershipRecord(
            epoch: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            position: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
}
