import CausewayCore

/// Finds the records of a batch's keys.
struct KeyLookUp: ~Copyable {
    private let shard: ShardID
    private let entity: UInt32
    private let hash: KeyedHash
    /// By group; a place of all ones: the store has no such record.
    private(set) var found: [KeyEntry]
    private var candidates: [Int32] = []
    private var left: Int
    private var reader = KeyBlockReader()

    static let none = KeyEntry(place: .max, hash: 0)

    /// Looks all groups of `order` up, in the newest runs first.
    ///
    /// - Returns: by group.
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    static func look(
        _ order: KeyOrder, _ keys: RecordKeys, in runs: [KeyRun], _ shard: ShardID, entity: UInt32, seed: ContentSeed,
        _ transaction: borrowing ReadTransaction
    ) throws -> [KeyEntry] {
        var lookUp = KeyLookUp(order.count, shard, entity, seed)
        guard !runs.isEmpty, order.count > 0 else { return lookUp.found }
        try keys.bytes.withUnsafeBytes { bytes in
            try keys.cells.withUnsafeBufferPointer { cells in
                try withUnsafeTemporaryAllocation(of: RowBatch.Cell.self, capacity: order.count) { sorted in
                    for group in 0..<order.count { sorted[group] = cells[order.leader(group)] }
                    let view = KeyView(bytes: bytes, cells: UnsafeBufferPointer(sorted))
                    try lookUp.look(view, runs, transaction)
                }
            }
        }
        return lookUp.found
    }

    private init(_ groups: Int, _ shard: ShardID, _ entity: UInt32, _ seed: ContentSeed) {
        self.shard = shard
        self.entity = entity
        hash = KeyedHash(seed)
        found = [KeyEntry](repeating: Self.none, count: groups)
        left = groups
    }

    private mutating func look(
        _ view: KeyView, _ runs: [KeyRun], _ transaction: borrowing ReadTransaction
    ) throws {
        var hashes: [UInt64] = []
        for run in runs.reversed() where left > 0 {
            let range = Self.range(view, run)
            guard !range.isEmpty else { continue }
            if hashes.isEmpty {
                let start = hash.filterStart
                hashes = view.cells.indices.map { hash.filterHash(view.key($0), start: start) }
            }
            let prefix = KeyIndex.runPrefix(shard, entity, run.id)
            try choose(range, hashes, prefix, transaction)
            if !candidates.isEmpty { try probe(view, run, prefix, transaction) }
        }
    }

    /// The groups that lie within a run's bounds.
    private static func range(_ view: KeyView, _ run: KeyRun) -> Range<Int> {
        func first(_ isPast: (UnsafeRawBufferPointer) -> Bool) -> Int {
            var low = 0
            var high = view.cells.count
            while low < high {
                let middle = (low + high) / 2
                if isPast(view.key(middle)) { high = middle } else { low = middle + 1 }
            }
            return low
        }
        return run.low.withUnsafeBytes { low in
            run.high.withUnsafeBytes { high in
                let begin = first { compareKeys($0, low) >= 0 }
                let end = first {
                    compareKeys(UnsafeRawBufferPointer(rebasing: $0.prefix(KeyRun.boundSize)), high) > 0
                }
                return begin..<max(begin, end)
            }
        }
    }

    /// Puts those groups of `range` into ``candidates`` that the run may have.
    private mutating func choose(
        _ range: Range<Int>, _ hashes: [UInt64], _ prefix: [UInt8], _ transaction: borrowing ReadTransaction
    ) throws {
        candidates.removeAll(keepingCapacity: true)
        let known = found
        var chosen = candidates
        candidates = []
        chosen.reserveCapacity(range.count)
        let isThere: Void? = try transaction.get(.keyFilters, prefix) { bytes in
            do throws(Damage) {
                let filter = try KeyFilter.View(bytes, tests: range.count)
                for group in range where known[group].place == .max && filter.mayHave(hashes[group]) {
                    chosen.append(Int32(truncatingIfNeeded: group))
                }
            } catch {
                throw StoreDamage.error(.keyFilters, prefix, error.detail)
            }
        }
        guard isThere != nil else { throw StoreDamage.error(.keyFilters, prefix, "it is missing") }
        candidates = chosen
    }

    /// Looks ``candidates`` up in the blocks of a run.
    private mutating func probe(
        _ view: KeyView, _ run: KeyRun, _ prefix: [UInt8], _ transaction: borrowing ReadTransaction
    ) throws {
        var next = 0
        while next < candidates.count {
            var isAtEnd = true
            var skipped = 0
            let wanted = view.key(Int(candidates[next]))
            try transaction.scan(.keys, KeyIndex.blocks(prefix, from: wanted)) { key, value in
                let last = UnsafeRawBufferPointer(rebasing: key[prefix.count...])
                if compareKeys(view.key(Int(candidates[next])), last) > 0 {
                    // The next key lies further on: go there, unless that is the neighbour.
                    skipped += 1
                    isAtEnd = skipped < 2
                    return isAtEnd ? .next : .stop
                }
                do throws(Damage) {
                    try read(value, view, last, &next)
                } catch {
                    throw StoreDamage.error(.keys, Array(key), error.detail)
                }
                skipped = 0
                isAtEnd = next < candidates.count
                return isAtEnd ? .next : .stop
            }
            guard isAtEnd else { continue }
            // All further keys stand above the run's last one, if that is where it ends.
            try KeyIndex.checkEnd(run, prefix, in: transaction)
            return
        }
    }

    /// Looks up the candidates from `next` on that a block may have.
    private mutating func read(
        _ block: UnsafeRawBufferPointer, _ view: KeyView, _ last: UnsafeRawBufferPointer, _ next: inout Int
    ) throws(Damage) {
        try reader.open(block)
        let isFirst = reader.sequence == 0
        guard isFirst || compareKeys(view.key(Int(candidates[next])), reader.fenceKey) > 0 else {
            throw Damage("a block before it is missing")
        }
        while next < candidates.count {
            let group = Int(candidates[next])
            let key = view.key(group)
            guard compareKeys(key, last) <= 0 else { return }
            if try reader.seek(key) {
                found[group] = reader.entry
                left -= 1
            }
            next += 1
        }
    }
}
