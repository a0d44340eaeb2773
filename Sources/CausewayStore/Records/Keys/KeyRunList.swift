import CausewayCore

/// One run of keys, as the list knows it.
struct KeyRun: Hashable, Sendable {
    var id: UInt32
    /// 0 for a batch's own; a merge of overlapping runs is one above them.
    var level: Int
    /// Entries.
    var count: Int
    var blocks: Int
    /// What the lowest and highest keys begin with: at most ``boundSize`` bytes.
    var low: [UInt8]
    var high: [UInt8]

    static let boundSize = 64

    static func bound(_ key: [UInt8]) -> [UInt8] { Array(key.prefix(boundSize)) }

    /// Whether any key may be in both.
    func overlaps(_ other: KeyRun) -> Bool { !isBelow(high, other.low) && !isBelow(other.high, low) }
}

/// An entity's runs of keys. Where runs have the same key the newest of them is right.
///
///     u8 format (1), varint the next run's number
///     varint count, for each run: varint number, level, entries, blocks, length and bytes of both bounds
///     varint count of the runs that are being merged, and if there are any: their numbers, the level of what they
///         become, length and bytes of the last key that is done
///     varint count of runs that are being removed, for each: varint number, blocks
///     u64 XXH64 of everything before
struct KeyRunList: Hashable, Sendable {
    /// A merge in progress. Its runs stay in the list until all of their entries are in new ones.
    struct Merge: Hashable, Sendable {
        /// In the list's order, neighbours but for what has been made of them.
        var runs: [UInt32]
        var level: Int
        /// The last key that is done; empty: none.
        var after: [UInt8]
    }

    /// What is left of a run that is no longer used.
    struct Remains: Hashable, Sendable {
        var id: UInt32
        var blocks: Int
    }

    var nextRun: UInt32 = 1
    /// The oldest first.
    var runs: [KeyRun] = []
    var merge: Merge?
    var remains: [Remains] = []

    private static let version: UInt8 = 1
    private static let greatestList = 1 << 20
    private static let greatestCount = 1 << 40
    static let greatestLevel = 30

    init() {}

    init(_ bytes: UnsafeRawBufferPointer) throws(Damage) {
        var cursor = try ByteCursor(bytes, Checksum.open(bytes))
        guard try cursor.byte() == Self.version else { throw Damage("its format is not known") }
        nextRun = try Self.number(&cursor)
        for _ in 0..<(try cursor.count(upTo: Self.greatestList)) {
            let id = try Self.number(&cursor)
            let level = try cursor.count(upTo: Self.greatestLevel)
            let count = try cursor.count(upTo: Self.greatestCount)
            let blocks = try cursor.count(upTo: Int(UInt32.max))
            let low = try Self.text(&cursor)
            runs.append(
                KeyRun(id: id, level: level, count: count, blocks: blocks, low: low, high: try Self.text(&cursor)))
        }
        var merged: [UInt32] = []
        for _ in 0..<(try cursor.count(upTo: runs.count)) { merged.append(try Self.number(&cursor)) }
        if !merged.isEmpty {
            let level = try cursor.count(upTo: Self.greatestLevel)
            merge = Merge(runs: merged, level: level, after: try Self.text(&cursor))
        }
        for _ in 0..<(try cursor.count(upTo: Self.greatestList)) {
            let id = try Self.number(&cursor)
            remains.append(Remains(id: id, blocks: try cursor.count(upTo: Int(UInt32.max))))
        }
        try cursor.expectEnd()
    }

    var bytes: [UInt8] {
        var bytes = ByteSink(capacity: 64 + runs.count * 48)
        bytes.append(Self.version)
        bytes.appendVarint(UInt64(nextRun))
        bytes.appendVarint(UInt64(runs.count))
        for run in runs {
            bytes.appendVarint(UInt64(run.id))
            for number in [run.level, run.count, run.blocks] { bytes.appendVarint(UInt64(number)) }
            Self.append(run.low, to: &bytes)
            Self.append(run.high, to: &bytes)
        }
        bytes.appendVarint(UInt64(merge?.runs.count ?? 0))
        if let merge {
            for id in merge.runs { bytes.appendVarint(UInt64(id)) }
            bytes.appendVarint(UInt64(merge.level))
            Self.append(merge.after, to: &bytes)
        }
        bytes.appendVarint(UInt64(remains.count))
        for run in remains {
            bytes.appendVarint(UInt64(run.id))
            bytes.appendVarint(UInt64(run.blocks))
        }
        var sealed = bytes.bytes
        Checksum.seal(&sealed)
        return sealed
    }

    private static func append(_ key: [UInt8], to bytes: inout ByteSink) {
        bytes.append(UInt8(truncatingIfNeeded: key.count))
        bytes.append(key)
    }

    private static func text(_ cursor: inout ByteCursor) throws(Damage) -> [UInt8] {
        let length = Int(try cursor.byte())
        return Array(cursor.bytes[try cursor.take(length)])
    }

    private static func number(_ cursor: inout ByteCursor) throws(Damage) -> UInt32 {
        UInt32(try cursor.count(upTo: Int(UInt32.max)))
    }

    /// The number of a new run.
    mutating func takeNumber() throws(CausewayError) -> UInt32 {
        guard nextRun < .max else {
            throw CausewayError.invalid("entity", "The entity has no numbers for further commits left.")
        }
        defer { nextRun += 1 }
        return nextRun
    }
}

/// An entity's list as it is in the store.
struct StoredKeyRuns: Sendable {
    let key: [UInt8]
    /// Nil: there is none.
    let stored: [UInt8]?
    var list: KeyRunList

    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    init(_ shard: ShardID, entity: UInt32, in transaction: borrowing ReadTransaction) throws {
        key = KeyBuilder.key(shard, entity: entity)
        stored = try transaction.value(.keyRuns, key)
        do throws(Damage) {
            guard let stored else {
                list = KeyRunList()
                return
            }
            list = try stored.withUnsafeBufferPointer { bytes throws(Damage) in
                try KeyRunList(UnsafeRawBufferPointer(bytes))
            }
        } catch {
            throw StoreDamage.error(.keyRuns, key, error.detail)
        }
    }

    /// What makes the store's list this one, and refuses when it is no longer the one that was read.
    var mutations: [Mutation] {
        let guarded: Mutation =
            stored.map { .requireEqual(.keyRuns, key: key, value: $0) } ?? .requireAbsent(.keyRuns, key: key)
        return [guarded, .put(.keyRuns, key: key, value: list.bytes)]
    }
}
