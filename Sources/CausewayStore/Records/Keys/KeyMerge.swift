import CausewayCore

extension KeyIndex {
    /// Blocks that one unit removes.
    private static let removal = 4_000
    private static let fewBlocks = 1_000

    /// The next slice of the work that keeps look-ups quick; nil when there is none to do now.
    ///
    /// Takes the changes to commit as a unit of their own, while nobody else prepares changes of the entity's records.
    /// Records are found before and after each of them alike.
    ///
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    static func mergeStep(
        _ shard: ShardID, entity: UInt32, seed: ContentSeed, slice: Int = KeyMergePlan.slice,
        in transaction: borrowing ReadTransaction
    ) throws -> [Mutation]? {
        var runs = try StoredKeyRuns(shard, entity: entity, in: transaction)
        var mutations: [Mutation] = []
        if runs.list.merge == nil, runs.list.remains.isEmpty { runs.list.merge = KeyMergePlan.next(runs.list) }
        if let merge = runs.list.merge {
            var work = try MergeSlice(merge, runs.list, shard, entity, in: transaction)
            mutations = try work.run(&runs.list, seed: seed, slice: slice, in: transaction)
        }
        // Remains go before another merge begins; few of them with the slice that left them.
        let remains = runs.list.remains.reduce(0) { $0 + $1.blocks }
        if runs.list.merge == nil, mutations.isEmpty || remains < fewBlocks {
            mutations += removals(&runs.list, shard, entity)
        }
        return mutations.isEmpty ? nil : mutations + runs.mutations
    }

    private static func removals(_ list: inout KeyRunList, _ shard: ShardID, _ entity: UInt32) -> [Mutation] {
        var mutations: [Mutation] = []
        var budget = removal
        while budget > 0, let run = list.remains.first {
            let prefix = runPrefix(shard, entity, run.id)
            let count = min(run.blocks, budget)
            if count > 0 { mutations.append(.deletePrefix(.keys, prefix: prefix, limit: count)) }
            budget -= max(1, count)
            list.remains[0].blocks -= count
            guard list.remains[0].blocks == 0 else { break }
            mutations.append(.delete(.keyFilters, key: prefix))
            list.remains.removeFirst()
        }
        return mutations
    }
}

/// Merges the next entries of some runs into a new one.
private struct MergeSlice: ~Copyable {
    private let merge: KeyRunList.Merge
    private let shard: ShardID
    private let entity: UInt32
    /// The newest run first: it is right where keys are equal.
    private let sources: UnsafeMutableBufferPointer<MergeSource>
    /// Bytes that all keys begin with.
    private let common: Int

    init(
        _ merge: KeyRunList.Merge, _ list: KeyRunList, _ shard: ShardID, _ entity: UInt32,
        in transaction: borrowing ReadTransaction
    ) throws {
        self.merge = merge
        self.shard = shard
        self.entity = entity
        let ids = Set(merge.runs)
        let runs = list.runs.filter { ids.contains($0.id) }
        guard runs.count == ids.count, ids.count == merge.runs.count else {
            throw StoreDamage.error(
                .keyRuns, KeyBuilder.key(shard, entity: entity), "it merges runs that are not there")
        }
        let low = runs.map(\.low).reduce(runs.first?.low ?? []) { isBelow($1, $0) ? $1 : $0 }
        let high = runs.map(\.high).reduce([]) { isBelow($0, $1) ? $1 : $0 }
        common = zip(low, high).prefix { $0 == $1 }.count
        sources = .allocate(capacity: runs.count)
        for (index, run) in runs.reversed().enumerated() {
            sources.initializeElement(
                at: index, to: MergeSource(run, prefix: KeyIndex.runPrefix(shard, entity, run.id), common: common))
        }
    }

    deinit {
        sources.deinitialize()
        sources.deallocate()
    }

    mutating func run(
        _ list: inout KeyRunList, seed: ContentSeed, slice: Int, in transaction: borrowing ReadTransaction
    ) throws -> [Mutation] {
        for index in sources.indices { try sources[index].start(after: merge.after, in: transaction) }
        let id = try list.takeNumber()
        var writer = KeyRunWriter(id, shard, entity: entity, seed: seed, capacity: slice)
        while writer.count < slice {
            guard let least = try takeLeast(in: transaction) else { break }
            writer.append(sources[least].reader.key, sources[least].reader.entry)
            try sources[least].next(in: transaction)
        }
        let isDone = sources.indices.allSatisfy { sources[$0].isDone }
        list.merge?.after = writer.last
        var mutations: [Mutation] = []
        let newest = list.runs.lastIndex { $0.id == sources[0].run.id }
        if let made = writer.finish(level: merge.level), let newest {
            list.runs.insert(made.run, at: newest + 1)
            mutations = made.mutations
        }
        guard isDone else { return mutations }
        let ids = Set(merge.runs)
        list.runs.removeAll { ids.contains($0.id) }
        for index in sources.indices {
            let run = sources[index].run
            list.remains.append(KeyRunList.Remains(id: run.id, blocks: run.blocks))
        }
        list.merge = nil
        return mutations
    }

    /// The source with the lowest key, the newest of several; the others are moved behind that key. Nil at the end.
    private mutating func takeLeast(in transaction: borrowing ReadTransaction) throws -> Int? {
        var least = -1
        for index in sources.indices where !sources[index].isDone {
            guard least >= 0 else {
                least = index
                continue
            }
            if sources[index].word > sources[least].word { continue }
            let order =
                sources[index].word < sources[least].word
                ? -1 : compareKeys(sources[index].reader.key, sources[least].reader.key)
            if order < 0 { least = index } else if order == 0 { try sources[index].next(in: transaction) }
        }
        return least < 0 ? nil : least
    }
}

/// One of the runs that are merged, read a few blocks at a time.
private struct MergeSource: ~Copyable {
    let run: KeyRun
    private let prefix: [UInt8]
    private let common: Int
    var reader = KeyBlockReader()
    /// The present key's bytes behind what all keys begin with.
    private(set) var word: UInt64 = 0
    private(set) var isDone = false
    private var blocks: [(key: [UInt8], range: Range<Int>)] = []
    private var nextBlock = 0
    private let buffer: UnsafeMutableRawBufferPointer
    /// The place in the run of the block to be opened next; nil: whichever has the key.
    private var sequence: Int?

    private static let blocksAtOnce = 16

    init(_ run: KeyRun, prefix: [UInt8], common: Int) {
        self.run = run
        self.prefix = prefix
        self.common = common
        buffer = .allocate(byteCount: Self.blocksAtOnce * KeyBlock.greatestSize, alignment: 8)
    }

    deinit { buffer.deallocate() }

    /// Goes to the first entry above `key`, or to the very first when it is empty.
    mutating func start(after key: [UInt8], in transaction: borrowing ReadTransaction) throws {
        sequence = key.isEmpty ? 0 : nil
        try load(from: key, in: transaction)
        try next(in: transaction)
        guard !key.isEmpty else { return }
        while !isDone, key.withUnsafeBytes({ compareKeys(reader.key, $0) <= 0 }) { try next(in: transaction) }
    }

    mutating func next(in transaction: borrowing ReadTransaction) throws {
        while true {
            do throws(Damage) {
                if try reader.next() {
                    word = keyWord(reader.key, after: common)
                    return
                }
            } catch {
                throw StoreDamage.error(.keys, nextBlock > 0 ? blocks[nextBlock - 1].key : prefix, error.detail)
            }
            guard try openNext(in: transaction) else {
                isDone = true
                return
            }
        }
    }

    private mutating func openNext(in transaction: borrowing ReadTransaction) throws -> Bool {
        if nextBlock == blocks.count, let last = blocks.last {
            try load(from: last.key.dropFirst(prefix.count) + [0], in: transaction)
        }
        guard nextBlock < blocks.count else {
            if let sequence {
                guard sequence == run.blocks else {
                    throw StoreDamage.error(.keys, prefix, "a block of the run is missing")
                }
            } else {
                try KeyIndex.checkEnd(run, prefix, in: transaction)
            }
            return false
        }
        let block = blocks[nextBlock]
        do throws(Damage) {
            try reader.open(UnsafeRawBufferPointer(rebasing: buffer[block.range]))
            guard sequence.map({ $0 == Int(reader.sequence) }) ?? true else {
                throw Damage("a block before it is missing")
            }
        } catch {
            throw StoreDamage.error(.keys, block.key, error.detail)
        }
        sequence = Int(reader.sequence) + 1
        nextBlock += 1
        return true
    }

    private mutating func load(from key: some Collection<UInt8>, in transaction: borrowing ReadTransaction) throws {
        blocks.removeAll(keepingCapacity: true)
        nextBlock = 0
        var used = 0
        var found: [(key: [UInt8], range: Range<Int>)] = []
        let range = Array(key).withUnsafeBytes { KeyIndex.blocks(prefix, from: $0) }
        try transaction.scan(.keys, range) { key, value in
            guard value.count <= KeyBlock.greatestSize else {
                throw StoreDamage.error(.keys, Array(key), "it is too long")
            }
            UnsafeMutableRawBufferPointer(rebasing: buffer[used..<used + value.count]).copyMemory(from: value)
            found.append((Array(key), used..<used + value.count))
            used += value.count
            return found.count < Self.blocksAtOnce ? .next : .stop
        }
        blocks = found
    }
}
