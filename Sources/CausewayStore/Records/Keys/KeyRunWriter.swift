import CausewayCore

/// Makes the blocks and the filter of one run from entries in key order.
struct KeyRunWriter: ~Copyable {
    private let id: UInt32
    private let prefix: [UInt8]
    private let filterKey: [UInt8]
    private let hash: KeyedHash
    private let filterStart: UInt64
    private(set) var mutations: [Mutation] = []
    private(set) var count = 0
    /// The last key so far.
    private(set) var last: [UInt8] = []
    private var low: [UInt8] = []
    private var blocks: UInt32 = 0
    private var filterHashes: [UInt64] = []

    private var keys: [UInt8] = []
    private var places: [UInt8] = []
    private var hashes: [UInt8] = []
    private var restarts: [UInt16] = []
    private var entries = 0
    private var fence: [UInt8] = []

    init(_ id: UInt32, _ shard: ShardID, entity: UInt32, seed: ContentSeed, capacity: Int) {
        self.id = id
        prefix = KeyIndex.runPrefix(shard, entity, id)
        filterKey = prefix
        hash = KeyedHash(seed)
        filterStart = hash.filterStart
        filterHashes.reserveCapacity(capacity)
        keys.reserveCapacity(KeyBlock.greatestSize)
        places.reserveCapacity(KeyBlock.greatestSize)
        hashes.reserveCapacity(KeyBlock.greatestSize)
    }

    /// Appends an entry. `key` stands above all before it.
    mutating func append(_ key: UnsafeRawBufferPointer, _ entry: KeyEntry) {
        var shared = entries % KeyBlock.restart == 0 ? 0 : sharedBytes(key)
        let size =
            KeyBlock.headerSize + 1 + fence.count + keys.count + 2 + key.count - shared
            + 14 * (entries + 1) + 2 * (restarts.count + 1) + 8
        if entries > 0, size > KeyBlock.greatestSize {
            endBlock()
            shared = 0
        }
        if entries % KeyBlock.restart == 0 { restarts.append(UInt16(truncatingIfNeeded: keys.count)) }
        keys.append(UInt8(truncatingIfNeeded: shared))
        keys.append(UInt8(truncatingIfNeeded: key.count - shared))
        keys.append(contentsOf: UnsafeRawBufferPointer(rebasing: key[shared...]))
        places.appendFixed(UInt16(truncatingIfNeeded: entry.place))
        places.appendFixed(UInt32(truncatingIfNeeded: entry.place >> 16))
        hashes.appendFixed(entry.hash)
        if count == 0 { low = Array(key) }
        last.replaceSubrange(shared..., with: UnsafeRawBufferPointer(rebasing: key[shared...]))
        filterHashes.append(hash.filterHash(key, start: filterStart))
        entries += 1
        count += 1
    }

    /// Ends the run.
    ///
    /// - Returns: its place in the list, and what writes it; nil when it has no entry.
    consuming func finish(level: Int) -> (run: KeyRun, mutations: [Mutation])? {
        guard count > 0 else { return nil }
        endBlock()
        mutations.append(.append(.keyFilters, key: filterKey, value: KeyFilter.make(filterHashes)))
        let run = KeyRun(
            id: id, level: level, count: count, blocks: Int(blocks), low: KeyRun.bound(low), high: KeyRun.bound(last))
        return (run, mutations)
    }

    private func sharedBytes(_ key: UnsafeRawBufferPointer) -> Int {
        let most = min(last.count, key.count)
        var shared = 0
        last.withUnsafeBufferPointer { last in
            while shared < most, last[shared] == key[shared] { shared &+= 1 }
        }
        return shared
    }

    private mutating func endBlock() {
        let start = KeyBlock.headerSize + 1 + fence.count
        var block: [UInt8] = []
        block.reserveCapacity(start + keys.count + places.count + hashes.count + 2 * restarts.count + 8)
        block.appendFixed(UInt16(truncatingIfNeeded: entries))
        block.appendFixed(UInt16(truncatingIfNeeded: start + keys.count))
        block.appendFixed(blocks)
        block.append(UInt8(truncatingIfNeeded: fence.count))
        block += fence
        block += keys
        block += places
        block += hashes
        for restart in restarts { block.appendFixed(UInt16(truncatingIfNeeded: start) + restart) }
        Checksum.seal(&block)
        mutations.append(.append(.keys, key: prefix + last, value: block))
        fence = last
        blocks += 1
        entries = 0
        keys.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        hashes.removeAll(keepingCapacity: true)
        restarts.removeAll(keepingCapacity: true)
    }
}
