import CausewayCore
import CausewayStore

/// A scripted history of one shard: unit n is the same in every run, and the state after it is known.
///
/// Each unit stores a digest of all entries that its shard then has, so that a checker needs no model: whatever is
/// stored must be the state after exactly one unit. `tools/faults/replay.c` computes the same digest.
struct Script {
    /// Key of the digest in ``Table/settings``: unit number, then digest, eight big-endian bytes each.
    static let digestName = "digest"
    private static let fileKeys: UInt64 = 300
    private static let segmentKeys: UInt64 = 4

    let shard: ShardID
    /// Units made so far.
    private(set) var number: UInt64 = 0
    private var digest: UInt64 = 0
    /// Hash of each entry that is there.
    private var entries: [Place: UInt64] = [:]

    private struct Place: Hashable {
        var table: Table
        var key: [UInt8]
    }

    init(shard index: UInt64) {
        shard = ShardID(high: 1, low: index)
    }

    /// The next unit. It has to be committed before another is asked for.
    mutating func next(epoch: UInt64) -> CommitUnit {
        number += 1
        var random = SplitMix(shard.low << 32 | number)
        var unit = CommitUnit(Ownership(shard: shard, epoch: epoch))
        for _ in 0..<12 {
            let key = KeyBuilder.key(shard, entity: 1, random.next() % Self.fileKeys)
            put(.put(.files, key: key, value: random.bytes(100)), &unit)
        }
        for _ in 0..<3 {
            let key = KeyBuilder.key(shard, entity: 1, random.next() % Self.fileKeys)
            unit.delete(.files, key)
            set(.files, key, nil)
        }
        let segment = KeyBuilder.key(shard, random.next() % Self.segmentKeys)
        put(.put(.segments, key: segment, value: random.bytes(5_000 + Int(random.next() % 15_000))), &unit)
        put(.append(.runLogs, key: KeyBuilder.key(shard, number), value: random.bytes(60)), &unit)
        if number.isMultiple(of: 10) { dropLogs(8, &unit) }
        var record: [UInt8] = []
        for part in [number, digest] { withUnsafeBytes(of: part.bigEndian) { record.append(contentsOf: $0) } }
        unit.put(.settings, KeyBuilder.key(shard, Self.digestName), record)
        return unit
    }

    private mutating func put(_ mutation: Mutation, _ unit: inout CommitUnit) {
        unit.mutations.append(mutation)
        switch mutation {
        case .put(let table, let key, let value), .append(let table, let key, let value): set(table, key, value)
        case .delete, .deletePrefix, .requireAbsent, .requireEqual: break
        }
    }

    private mutating func dropLogs(_ count: Int, _ unit: inout CommitUnit) {
        unit.mutations.append(.deletePrefix(.runLogs, prefix: KeyBuilder.key(shard), limit: count))
        let keys = entries.keys.filter { $0.table == .runLogs }.map(\.key)
        for key in keys.sorted(by: { $0.lexicographicallyPrecedes($1) }).prefix(count) { set(.runLogs, key, nil) }
    }

    private mutating func set(_ table: Table, _ key: [UInt8], _ value: [UInt8]?) {
        let place = Place(table: table, key: key)
        digest ^= entries.removeValue(forKey: place) ?? 0
        guard let value else { return }
        let hash = Digest.hash(table, key, value)
        entries[place] = hash
        digest ^= hash
    }
}

/// The digest of one entry; a shard's is the exclusive or of all.
enum Digest {
    static func hash(_ table: Table, _ key: some Collection<UInt8>, _ value: some Collection<UInt8>) -> UInt64 {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for part in [Array(table.name.utf8), Array(key), Array(value)] {
            mix(&state, UInt64(part.count))
            part.withUnsafeBytes { bytes in
                let words = bytes.count / 8
                for index in 0..<words {
                    mix(&state, UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)))
                }
                for offset in (8 * words)..<bytes.count { mix(&state, UInt64(bytes[offset])) }
            }
        }
        return state
    }

    private static func mix(_ state: inout UInt64, _ word: UInt64) {
        state = (state ^ word) &* 0xBF58_476D_1CE4_E5B9
        state ^= state >> 29
    }
}

/// A small fixed generator (SplitMix64).
struct SplitMix {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { withUnsafeBytes(of: next().littleEndian) { bytes.append(contentsOf: $0) } }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}
