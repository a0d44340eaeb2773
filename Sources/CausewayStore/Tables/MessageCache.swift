package import CausewayCore
package import CausewayMessages
import Synchronization

/// The messages of a table that were decoded last, for what is asked again and again.
///
/// An entry is used only where the bytes that a reader sees under the key are those that it was decoded from: there is
/// nothing to invalidate, and a reader of an older snapshot gets the older message.
package final class MessageCache<Message: ProtobufMessage>: Sendable {
    private struct Entry {
        let bytes: [UInt8]
        let message: Message
    }

    private let table: Table
    private let limit: Int
    private let entries = Mutex<[[UInt8]: Entry]>([:])

    /// Larger messages are decoded each time.
    private static var largest: Int { 16 << 10 }

    /// - Parameter limit: most messages that are kept. When there are more, it begins anew.
    package init(_ table: Table, limit: Int = 256) {
        self.table = table
        self.limit = limit
    }

    /// Messages that are kept.
    package var count: Int { entries.withLock { $0.count } }

    /// The message under `key`.
    ///
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package func get(_ key: [UInt8], in transaction: borrowing ReadTransaction) throws -> Message? {
        try transaction.get(table, key) { bytes in
            if let kept = entries.withLock({ $0[key] }), kept.bytes.count == bytes.count,
                kept.bytes.withUnsafeBytes({ hasPrefix(bytes, $0) })
            {
                return kept.message
            }
            let message = try TableAccess.decode(Message.self, table, key, bytes)
            if bytes.count <= Self.largest {
                entries.withLock { entries in
                    if entries.count >= limit { entries.removeAll(keepingCapacity: true) }
                    entries[key] = Entry(bytes: Array(bytes), message: message)
                }
            }
            return message
        }
    }
}

/// What people look at again and again, decoded once for as long as it stays as it is.
package struct RecentMessages: Sendable {
    private let organisations = MessageCache<StoredOrganisation>(.settings, limit: 1)
    private let connections = MessageCache<StoredConnection>(.connections)
    private let entities = MessageCache<StoredEntity>(.entities)
    private let fields = MessageCache<StoredField>(.fields)
    private let figures = MessageCache<StoredFieldFigures>(.fieldFigures)

    package init() {}

    /// As ``OrganisationTable/get(in:)``.
    package func organisation(in transaction: borrowing ReadTransaction) throws -> StoredOrganisation? {
        try organisations.get(OrganisationTable.key, in: transaction)
    }

    /// As ``ConnectionTable/get(in:_:)``.
    package func connection(
        in transaction: borrowing ReadTransaction, _ shard: ShardID
    ) throws -> StoredConnection? {
        try connections.get(KeyBuilder.key(shard), in: transaction)
    }

    /// As ``EntityTable/get(in:_:_:)``.
    package func entity(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, _ id: String
    ) throws -> StoredEntity? {
        try entities.get(EntityTable.key(shard, id), in: transaction)
    }

    /// The field that the source calls `label`; reads past the labels of the others, and decodes none of them.
    package func field(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, entity: UInt32, _ label: String
    ) throws -> EntityField? {
        guard let number = try FieldTable.number(in: transaction, shard, entity: entity, label: label) else {
            return nil
        }
        let key = KeyBuilder.key(shard, entity: entity, field: number)
        return try fields.get(key, in: transaction).map { EntityField(number: number, stored: $0) }
    }

    /// As ``FieldFigures/load(in:_:entity:field:)``.
    package func figures(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, entity: UInt32, field: UInt32
    ) throws -> StoredFieldFigures? {
        try figures.get(FieldFigures.key(shard, entity, field), in: transaction)
    }
}
