package import CausewayCore
package import CausewayMessages

/// A shard's entities, by id.
package enum EntityTable {
    /// An entity with its id.
    package struct Entry: Hashable, Sendable {
        package var id: String
        package var entity: StoredEntity
    }

    package static func get(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, _ id: String
    ) throws -> StoredEntity? {
        try TableAccess.get(StoredEntity.self, .entities, key(shard, id), in: transaction)
    }

    /// By id, from `start` on (itself included).
    package static func list(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, from start: String = "", limit: Int = .max
    ) throws -> [Entry] {
        let range = KeyRange(from: key(shard, start), upTo: KeyRange(prefix: KeyBuilder.key(shard)).upper)
        return try TableAccess.list(
            StoredEntity.self, .entities, range, limit: limit, in: transaction
        ) { key, entity in
            Entry(id: key.text(), entity: entity)
        }
    }

    /// A number for a new entity: above those of all there are, and of all of which anything is left.
    package static func nextNumber(in transaction: borrowing ReadTransaction, _ shard: ShardID) throws -> UInt32 {
        var greatest = try list(in: transaction, shard).map(\.entity.number).max() ?? 0
        for table in EntityPurge.entityTables {
            try transaction.scan(table, KeyRange(prefix: KeyBuilder.key(shard)), reverse: true) { key, _ in
                greatest = max(greatest, try KeyTail(table, key).half())
                return .stop
            }
        }
        guard greatest < .max else { throw CausewayError.invalid("entity", "The connection has no numbers left.") }
        return greatest + 1
    }

    package static func put(into unit: inout CommitUnit, _ id: String, _ entity: StoredEntity) throws(CausewayError) {
        try unit.put(.entities, key(unit.ownership.shard, id), message: entity)
    }

    package static func delete(from unit: inout CommitUnit, _ id: String) {
        unit.delete(.entities, key(unit.ownership.shard, id))
    }

    static func key(_ shard: ShardID, _ id: String) -> [UInt8] { KeyBuilder.key(shard, id) }
}

/// The fields of entities.
package enum FieldTable {
    /// All fields of an entity, by number.
    package static func list(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, entity: UInt32
    ) throws -> [EntityField] {
        try TableAccess.list(
            StoredField.self, .fields, KeyRange(prefix: KeyBuilder.key(shard, entity: entity)), limit: .max,
            in: transaction
        ) { key, field in
            EntityField(number: try key.half(at: 4), stored: field)
        }
    }

    /// The number of the field that the source calls `label`; nil when there is none.
    ///
    /// The label is the first that a stored field's message holds, so that the others need not be decoded.
    static func number(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, entity: UInt32, label: String
    ) throws -> UInt32? {
        var wanted = StoredField()
        wanted.apiLabel = label
        let start = try TableAccess.encode(wanted, for: .fields)
        var found: UInt32?
        try transaction.scan(.fields, KeyRange(prefix: KeyBuilder.key(shard, entity: entity))) { key, value in
            let isWanted =
                start.isEmpty
                ? try TableAccess.decode(StoredField.self, .fields, Array(key), value).apiLabel.isEmpty
                : start.withUnsafeBytes { hasPrefix(value, $0) }
            guard isWanted else { return .next }
            found = try KeyTail(.fields, key).half(at: 4)
            return .stop
        }
        return found
    }

    package static func put(
        into unit: inout CommitUnit, entity: UInt32, _ field: EntityField
    ) throws(CausewayError) {
        let key = KeyBuilder.key(unit.ownership.shard, entity: entity, field: field.number)
        try unit.put(.fields, key, message: field.stored)
    }
}

/// A field with its number, by which segments know it; a number is never used again within the entity.
package struct EntityField: Hashable, Sendable {
    package let number: UInt32
    package var stored: StoredField

    package init(number: UInt32, stored: StoredField) {
        self.number = number
        self.stored = stored
    }
}

/// New and updated records of entities, by local day.
package enum DayTable {
    /// A day's figures.
    package struct Entry: Hashable, Sendable {
        package var date: LocalDate
        package var day: StoredDay
    }

    package static func get(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, entity: UInt32, _ date: LocalDate
    ) throws -> StoredDay? {
        try TableAccess.get(StoredDay.self, .days, key(shard, entity, date), in: transaction)
    }

    /// The days from `first` to `last`, both included, that have figures; oldest first.
    package static func list(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, entity: UInt32, from first: LocalDate,
        through last: LocalDate
    ) throws -> [Entry] {
        let range = KeyRange(from: key(shard, entity, first), upTo: key(shard, entity, last.adding(days: 1)))
        return try TableAccess.list(StoredDay.self, .days, range, limit: .max, in: transaction) { key, day in
            let number = OrderedNumber.decode(try key.number(at: 4))
            return Entry(date: LocalDate(daysSinceEpoch: Int(number)), day: day)
        }
    }

    package static func put(
        into unit: inout CommitUnit, entity: UInt32, _ date: LocalDate, _ day: StoredDay
    ) throws(CausewayError) {
        try unit.put(.days, key(unit.ownership.shard, entity, date), message: day)
    }

    private static func key(_ shard: ShardID, _ entity: UInt32, _ date: LocalDate) -> [UInt8] {
        KeyBuilder.key(shard, entity: entity, OrderedNumber.encode(Int64(date.daysSinceEpoch)))
    }
}

/// What is known of an entity's files: the ledger.
package enum FileTable {
    /// A file with its path. Of a path longer than 400 bytes only the first 385 are known here.
    package struct Entry: Hashable, Sendable {
        package var path: String
        package var file: StoredFile
    }

    package static func get(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, entity: UInt32, _ path: String
    ) throws -> StoredFile? {
        try TableAccess.get(StoredFile.self, .files, key(shard, entity, path), in: transaction)
    }

    /// By path, from `start` on (itself included).
    package static func list(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, entity: UInt32, from start: String = "", limit: Int
    ) throws -> [Entry] {
        let all = KeyRange(prefix: KeyBuilder.key(shard, entity: entity))
        let range = KeyRange(from: key(shard, entity, start), upTo: all.upper)
        return try TableAccess.list(StoredFile.self, .files, range, limit: limit, in: transaction) { key, file in
            let shown = key.bytes.count - 4 > longest ? key.bytes.dropLast(16) : key.bytes
            return Entry(path: String(decoding: shown.dropFirst(4), as: UTF8.self), file: file)
        }
    }

    package static func put(
        into unit: inout CommitUnit, entity: UInt32, _ path: String, _ file: StoredFile
    ) throws(CausewayError) {
        try unit.put(.files, key(unit.ownership.shard, entity, path), message: file)
    }

    package static func delete(from unit: inout CommitUnit, entity: UInt32, _ path: String) {
        unit.delete(.files, key(unit.ownership.shard, entity, path))
    }

    private static let longest = 400
    private static let kept = 385

    /// A long path's key is its beginning and two hashes of all of it, together longer than any short one.
    private static func key(_ shard: ShardID, _ entity: UInt32, _ path: String) -> [UInt8] {
        var bytes = Array(path.utf8)
        if bytes.count > longest {
            let hashes = bytes.withUnsafeBytes { (Checksum.xxh64($0), Checksum.xxh64($0, seed: 1)) }
            bytes.removeSubrange(kept...)
            bytes.appendFixed(hashes.0)
            bytes.appendFixed(hashes.1)
        }
        return KeyBuilder.key(shard, entity: entity, bytes)
    }
}
