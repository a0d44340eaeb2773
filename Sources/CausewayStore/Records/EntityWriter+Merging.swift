package import CausewayCore

extension EntityWriter {
    /// The next slice of the work that keeps look-ups of an entity's records quick; nil when there is none to do now.
    ///
    /// For a unit of its own, committed before the next batch is planned. One after each batch keeps up with an import;
    /// left undone it costs time only. Records are found before and after each slice alike, so it may stop anywhere.
    ///
    /// - Parameter entity: the entity's number.
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package static func mergeStep(
        _ shard: ShardID, entity: UInt32, seed: ContentSeed, in transaction: borrowing ReadTransaction
    ) throws -> [Mutation]? {
        try KeyIndex.mergeStep(shard, entity: entity, seed: seed, in: transaction)
    }
}
