package import CausewayCore

extension EntityWriter {
    /// As ``mergeStep(of:in:)``, for whoever has no writer at hand.
    package static func mergeStep(
        _ shard: ShardID, entity: UInt32, seed: ContentSeed, in transaction: borrowing ReadTransaction
    ) throws -> [Mutation]? {
        try KeyIndex.mergeStep(shard, entity: entity, seed: seed, in: transaction)
    }
}
