package import CausewayCore
package import CausewayMessages

/// The organisation. Its units are of the shard `system`.
package enum OrganisationTable {
    static let key = KeyBuilder.key(.system, "organisation")

    /// Nil before the first start has set it.
    ///
    /// - Throws: ``CausewayError``, as every `get` and `list` of the tables: `STORE_DAMAGED` (data loss), and those of
    ///   the store.
    package static func get(in transaction: borrowing ReadTransaction) throws -> StoredOrganisation? {
        try TableAccess.get(StoredOrganisation.self, .settings, key, in: transaction)
    }

    /// - Throws: ``CausewayError``, as every `put` of a message: `VALUE_NOT_STORABLE` (invalid argument) for a text
    ///   that holds a NUL character.
    package static func put(into unit: inout CommitUnit, _ organisation: StoredOrganisation) throws(CausewayError) {
        try unit.put(.settings, key, message: organisation)
    }
}

/// The secret of content hashes. Set once, when the store is made. Its units are of the shard `system`.
package enum ContentSeedTable {
    private static let key = KeyBuilder.key(.system, "content_seed")

    package static func get(in transaction: borrowing ReadTransaction) throws -> ContentSeed? {
        guard let value = try transaction.value(.settings, key) else { return nil }
        guard value.count == 8 else { throw StoreDamage.error(.settings, key, "it is not 8 bytes") }
        return ContentSeed(value.reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// Fails the unit when there is one already: another would make every record seem changed.
    package static func create(in unit: inout CommitUnit, _ seed: ContentSeed) {
        unit.mutations.append(.requireAbsent(.settings, key: key))
        unit.put(.settings, key, withUnsafeBytes(of: seed.value.bigEndian) { Array($0) })
    }
}

/// Which shard a connection's id means. Its units are of the shard `system`.
package enum DirectoryTable {
    /// A connection by its name.
    package struct Entry: Hashable, Sendable {
        /// The part after "connections/".
        package var id: String
        package var shard: ShardID
    }

    package static func get(in transaction: borrowing ReadTransaction, _ id: String) throws -> ShardID? {
        let key = KeyBuilder.key(.system, id)
        return try transaction.get(.directory, key) { try shard($0, key) }
    }

    /// By id, from `start` on (itself included).
    package static func list(
        in transaction: borrowing ReadTransaction, from start: String = "", limit: Int
    ) throws -> [Entry] {
        var entries: [Entry] = []
        guard limit > 0 else { return entries }
        let range = KeyRange(
            from: KeyBuilder.key(.system, start), upTo: KeyRange(prefix: KeyBuilder.key(.system)).upper)
        try transaction.scan(.directory, range) { key, value in
            let tail = KeyTail(.directory, key)
            entries.append(Entry(id: tail.text(), shard: try shard(value, tail.key)))
            return entries.count < limit ? .next : .stop
        }
        return entries
    }

    /// Fails the unit when the id is taken.
    package static func create(in unit: inout CommitUnit, _ id: String, _ shard: ShardID) {
        let key = KeyBuilder.key(.system, id)
        unit.mutations.append(.requireAbsent(.directory, key: key))
        unit.put(.directory, key, KeyBuilder.key(shard))
    }

    package static func delete(from unit: inout CommitUnit, _ id: String) {
        unit.delete(.directory, KeyBuilder.key(.system, id))
    }

    private static func shard(_ value: UnsafeRawBufferPointer, _ key: [UInt8]) throws(CausewayError) -> ShardID {
        guard value.count == 16 else { throw StoreDamage.error(.directory, key, "it is not a shard") }
        return ShardID(
            high: value[..<8].reduce(0) { $0 << 8 | UInt64($1) }, low: value[8...].reduce(0) { $0 << 8 | UInt64($1) })
    }
}

/// Answers to requests with an id. Its units are of the shard `system`.
package enum RequestTable {
    package static func get(in transaction: borrowing ReadTransaction, _ id: String) throws -> StoredRequest? {
        try TableAccess.get(StoredRequest.self, .requests, KeyBuilder.key(.system, id), in: transaction)
    }

    package static func put(into unit: inout CommitUnit, _ id: String, _ request: StoredRequest) throws(CausewayError) {
        try unit.put(.requests, KeyBuilder.key(.system, id), message: request)
    }

    package static func delete(from unit: inout CommitUnit, _ id: String) {
        unit.delete(.requests, KeyBuilder.key(.system, id))
    }

    /// Ids answered before `time`, at most `limit`, for retention. Looks at every request.
    package static func expired(
        in transaction: borrowing ReadTransaction, before time: Timestamp, limit: Int
    ) throws -> [String] {
        try TableAccess.list(
            StoredRequest.self, .requests, KeyRange(prefix: KeyBuilder.key(.system)), limit: limit, in: transaction
        ) { key, request in
            request.createMicros < time.micros ? key.text() : nil
        }
    }
}

/// What tells which master key the credentials are sealed under. Its units are of the shard `system`.
package enum MasterKeyCheckTable {
    private static let key = KeyBuilder.key(.system, "master_key_check")

    package static func get(in transaction: borrowing ReadTransaction) throws -> [UInt8]? {
        try transaction.value(.settings, key)
    }

    package static func put(into unit: inout CommitUnit, _ checkValue: [UInt8]) {
        unit.put(.settings, key, checkValue)
    }

    /// Fails the unit unless the value is still `checkValue`.
    package static func requireUnchanged(in unit: inout CommitUnit, _ checkValue: [UInt8]) {
        unit.mutations.append(.requireEqual(.settings, key: key, value: checkValue))
    }
}
