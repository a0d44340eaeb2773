package import CausewayCore
package import CausewayMessages

/// An entity with its fields, as a run works on it: read once, carried from batch to batch, written with each of them.
///
/// A value: a batch's state becomes the current one only when its unit is committed. Units are guarded: one that was
/// prepared from a state that is no longer the stored one is refused with `COMMIT_CONFLICT`.
package struct EntityState: Sendable {
    package let shard: ShardID
    /// The entity's id.
    package let id: String
    package var entity: StoredEntity
    /// By number.
    package var fields: [EntityField]
    // What the store has; nil: nothing.
    private var storedEntity: [UInt8]?
    private var storedFields: [EntityField]

    /// A new entity.
    ///
    /// - Parameter number: from ``EntityTable/nextNumber(in:_:)``.
    package init(shard: ShardID, id: String, number: UInt32, createTime: Timestamp) {
        self.shard = shard
        self.id = id
        entity = StoredEntity()
        entity.number = number
        entity.createMicros = createTime.micros
        entity.nextSegment = 1
        entity.nextField = 1
        fields = []
        storedEntity = nil
        storedFields = []
    }

    private init(shard: ShardID, id: String, entity: StoredEntity, stored: [UInt8], fields: [EntityField]) {
        self.shard = shard
        self.id = id
        self.entity = entity
        self.fields = fields
        storedEntity = stored
        storedFields = fields
    }

    /// The stored entity; nil when there is none.
    ///
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package static func load(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, _ id: String
    ) throws -> EntityState? {
        let key = EntityTable.key(shard, id)
        guard let stored = try transaction.value(.entities, key) else { return nil }
        let entity = try stored.withUnsafeBytes { bytes throws(CausewayError) in
            try TableAccess.decode(StoredEntity.self, .entities, key, bytes)
        }
        let fields = try FieldTable.list(in: transaction, shard, entity: entity.number)
        return EntityState(shard: shard, id: id, entity: entity, stored: stored, fields: fields)
    }

    /// The stored entity, or a new one that `change` commits.
    package static func loadOrMake(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, _ id: String, now: Timestamp
    ) throws -> EntityState {
        if let state = try load(in: transaction, shard, id) { return state }
        let number = try EntityTable.nextNumber(in: transaction, shard)
        return EntityState(shard: shard, id: id, number: number, createTime: now)
    }

    /// The entity without records, figures and fields, under another number.
    func emptied(number: UInt32) -> EntityState {
        var state = self
        state.entity.number = number
        state.entity.recordCount = 0
        state.entity.dataUpdateMicros = 0
        state.entity.nextSegment = 1
        state.entity.nextField = 1
        state.entity.nextKilled = 0
        state.entity.figures = nil
        state.fields = []
        state.storedFields = []
        return state
    }

    /// The number of the next segment; what the run that begins now writes has it or a higher one.
    package var nextSegment: UInt64 { max(1, entity.nextSegment) }

    package func field(_ label: String) -> EntityField? { fields.first { $0.stored.apiLabel == label } }

    /// Fields in the order people see them.
    package var fieldsByPosition: [EntityField] {
        fields.sorted { ($0.stored.position, $0.number) < ($1.stored.position, $1.number) }
    }

    /// The changes that make the store's entity this one, none when it is that already; the state counts as stored
    /// afterwards. For a unit of the entity's shard.
    ///
    /// - Throws: ``CausewayError`` (invalid argument, `VALUE_NOT_STORABLE`): a label holds a NUL character.
    package mutating func seal() throws(CausewayError) -> [Mutation] {
        let key = EntityTable.key(shard, id)
        let bytes = try TableAccess.encode(entity, for: .entities)
        let known = Dictionary(storedFields.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        let changed = fields.filter { known[$0.number] != $0 }
        guard bytes != storedEntity || !changed.isEmpty else { return [] }
        var mutations: [Mutation] = []
        if let storedEntity {
            mutations.append(.requireEqual(.entities, key: key, value: storedEntity))
        } else {
            mutations.append(.requireAbsent(.entities, key: key))
        }
        if bytes != storedEntity { mutations.append(.put(.entities, key: key, value: bytes)) }
        for field in changed {
            let fieldKey = KeyBuilder.key(shard, entity: entity.number, field: field.number)
            mutations.append(.put(.fields, key: fieldKey, value: try TableAccess.encode(field.stored, for: .fields)))
        }
        storedEntity = bytes
        storedFields = fields
        return mutations
    }
}
