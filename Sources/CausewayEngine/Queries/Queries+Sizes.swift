import CausewayCore
package import CausewayStore

extension Queries {
    /// What the largest connections take in the store, largest first. Takes time with the number of keys.
    ///
    /// - Throws: ``CausewayError``, those of the store; `CancellationError`.
    package func sizes(limit: Int) async throws -> [(connection: String, sizes: ShardSizes)] {
        let sizes = try await ShardSizes.all(in: context.store)
        var found: [(connection: String, sizes: ShardSizes)] = []
        var start: String? = ""
        while let from = start {
            let page = try context.readStore { try DirectoryTable.list(in: $0, from: from, limit: 1_000) }
            found += page.map { ($0.id, sizes[$0.shard] ?? ShardSizes()) }
            start = page.count == 1_000 ? page.last.map { $0.id + "\0" } : nil
        }
        found.sort { ($1.sizes.total, $0.connection) < ($0.sizes.total, $1.connection) }
        return Array(found.prefix(limit))
    }
}
