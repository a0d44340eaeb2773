package import CausewayCore

/// How many rows of each entity are in a shard's quarantine, and the number of the next one: kept, so that no number is
/// used twice and no figure needs a scan.
///
/// Read, change and put it in one unit; a change by somebody else in between fails the unit with `COMMIT_CONFLICT`.
package struct QuarantineCounters: Sendable {
    /// The next row's number.
    package private(set) var next: UInt64
    /// By entity id; never negative.
    package private(set) var counts: [String: Int64]
    private var stored: [UInt8]?

    package var total: Int64 { counts.values.reduce(0, +) }

    /// What is kept; counted from the rows where nothing is.
    ///
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package init(in transaction: borrowing ReadTransaction, _ shard: ShardID) throws {
        let key = Self.key(shard)
        stored = try transaction.value(.settings, key)
        if let stored {
            guard let decoded = Self.decode(stored) else {
                throw StoreDamage.error(.settings, key, "it is not what counts rows in quarantine")
            }
            (next, counts) = decoded
        } else {
            next = try QuarantineTable.latestSequence(in: transaction, shard) + 1
            counts = try QuarantineTable.counts(in: transaction, shard)
        }
    }

    /// - Returns: the number of the first of `rows` new rows of `entity`.
    package mutating func add(_ rows: Int, of entity: String) -> UInt64 {
        defer { next += UInt64(rows) }
        counts[entity, default: 0] += Int64(rows)
        return next
    }

    package mutating func remove(_ rows: Int, of entity: String) {
        let left = (counts[entity] ?? 0) - Int64(rows)
        counts[entity] = left > 0 ? left : nil
    }

    /// There is no row of `entity`, whatever was counted.
    package mutating func forget(_ entity: String) { counts[entity] = nil }

    package func put(into unit: inout CommitUnit) {
        let key = Self.key(unit.ownership.shard)
        if let stored {
            unit.mutations.append(.requireEqual(.settings, key: key, value: stored))
        } else {
            unit.mutations.append(.requireAbsent(.settings, key: key))
        }
        unit.put(.settings, key, encoded())
    }

    private static func key(_ shard: ShardID) -> [UInt8] { KeyBuilder.key(shard, "quarantine") }

    /// The next number, then for each entity by id: length of the id (2 bytes), id, count; big-endian.
    private func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        withUnsafeBytes(of: next.bigEndian) { bytes.append(contentsOf: $0) }
        for (entity, count) in counts.sorted(by: { $0.key < $1.key }) where count > 0 {
            withUnsafeBytes(of: UInt16(truncatingIfNeeded: entity.utf8.count).bigEndian) {
                bytes.append(contentsOf: $0)
            }
            bytes.append(contentsOf: entity.utf8)
            withUnsafeBytes(of: count.bigEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    private static func decode(_ bytes: [UInt8]) -> (next: UInt64, counts: [String: Int64])? {
        var rest = bytes[...]
        func take(_ size: Int) -> ArraySlice<UInt8>? {
            guard rest.count >= size else { return nil }
            defer { rest = rest.dropFirst(size) }
            return rest.prefix(size)
        }
        func number(_ size: Int) -> UInt64? { take(size)?.reduce(0) { $0 << 8 | UInt64($1) } }
        guard let next = number(8) else { return nil }
        var counts: [String: Int64] = [:]
        while !rest.isEmpty {
            guard let length = number(2), let id = take(Int(length)), let count = number(8) else { return nil }
            counts[String(decoding: id, as: UTF8.self)] = Int64(bitPattern: count)
        }
        return (next, counts)
    }
}
