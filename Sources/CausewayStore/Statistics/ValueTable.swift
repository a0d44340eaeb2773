import CausewayCore

/// The stored tables of an entity's fields, and under ``contents`` that of its records' contents.
///
/// Part 0 is the header: it says what the table covers and where its parts lie. The parts lie in one of two banks: a new
/// table is written into the other bank, in as many units as it takes, and holds when its header is written. So a table
/// is always whole.
enum ValueTable {
    /// In the place of a field's number; no field has it.
    static let contents: UInt32 = 0

    /// 2: values that are numbers are hashed as such.
    private static let format: UInt8 = 2
    private static let bankBit: UInt32 = 1 << 31

    /// What a table is, without its values.
    struct Header: Hashable, Sendable {
        /// Segments below this number are in it, less the records replaced in journal entries below ``coveredKilled``.
        var coveredSegment: UInt64
        var coveredKilled: UInt64
        var bank: UInt8
        var parts: UInt32
        var bytes: UInt64
        var checksum: UInt64
        /// Bytes that it takes in memory.
        var memory: UInt64
        var level: UInt8
        var order: UInt8

        var encoded: [UInt8] {
            var out: [UInt8] = [format, bank, level, order]
            out.appendFixed(parts)
            for number in [coveredSegment, coveredKilled, bytes, checksum, memory] { out.appendFixed(number) }
            Checksum.seal(&out)
            return out
        }

        init(
            coveredSegment: UInt64, coveredKilled: UInt64, bank: UInt8, parts: UInt32, bytes: UInt64, checksum: UInt64,
            memory: UInt64, level: UInt8, order: UInt8
        ) {
            self.coveredSegment = coveredSegment
            self.coveredKilled = coveredKilled
            self.bank = bank
            self.parts = parts
            self.bytes = bytes
            self.checksum = checksum
            self.memory = memory
            self.level = level
            self.order = order
        }

        init(_ stored: UnsafeRawBufferPointer) throws(Damage) {
            var cursor = try ByteCursor(stored, Checksum.open(stored))
            guard try cursor.byte() == format else { throw Damage("its format is not known") }
            bank = try cursor.byte()
            level = try cursor.byte()
            order = try cursor.byte()
            parts = try cursor.fixed()
            coveredSegment = try cursor.fixed()
            coveredKilled = try cursor.fixed()
            bytes = try cursor.fixed()
            checksum = try cursor.fixed()
            memory = try cursor.fixed()
            guard bank < 2, parts <= 1 << 12, bytes <= 1 << 28 else { throw Damage("a count is out of range") }
            try cursor.expectEnd()
        }
    }

    static func key(_ shard: ShardID, _ entity: UInt32, _ field: UInt32, part: UInt32) -> [UInt8] {
        var key = KeyBuilder(shard)
        key.append(entity)
        key.append(field)
        key.append(part)
        return key.bytes
    }

    private static func prefix(_ shard: ShardID, _ entity: UInt32, _ field: UInt32) -> [UInt8] {
        KeyBuilder.key(shard, entity: entity, field: field)
    }

    /// Nil when there is none, or none that can be read: then it is counted anew.
    static func header(
        _ shard: ShardID, _ entity: UInt32, _ field: UInt32, in transaction: borrowing ReadTransaction
    ) throws -> Header? {
        try transaction.get(.valueTables, key(shard, entity, field, part: 0)) { try? Header($0) } ?? nil
    }

    /// The bytes of a table; nil when they are not those that were written.
    static func load(
        _ header: Header, _ shard: ShardID, _ entity: UInt32, _ field: UInt32,
        in transaction: borrowing ReadTransaction
    ) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(header.bytes))
        for part in 0..<header.parts {
            let key = key(shard, entity, field, part: number(part, header.bank))
            let isThere = try transaction.get(.valueTables, key) { value in
                guard UInt64(bytes.count + value.count) <= header.bytes else { return false }
                bytes.append(contentsOf: value)
                return true
            }
            guard isThere == true else { return nil }
        }
        let checksum = bytes.withUnsafeBytes { Checksum.xxh64($0) }
        return UInt64(bytes.count) == header.bytes && checksum == header.checksum ? bytes : nil
    }

    /// The changes that put a table in the place of `old`, its header last.
    static func changes(
        _ bytes: [UInt8], _ header: Header, _ shard: ShardID, _ entity: UInt32, _ field: UInt32, partBytes: Int,
        in transaction: borrowing ReadTransaction
    ) throws -> [Mutation] {
        let old = try self.header(shard, entity, field, in: transaction)
        var header = header
        header.bank = 1 - (old?.bank ?? 1)
        header.bytes = UInt64(bytes.count)
        header.checksum = bytes.withUnsafeBytes { Checksum.xxh64($0) }
        header.parts = UInt32((bytes.count + partBytes - 1) / partBytes)
        var changes: [Mutation] = []
        var keys: Set<[UInt8]> = [key(shard, entity, field, part: 0)]
        for part in 0..<Int(header.parts) {
            let slice = bytes[part * partBytes..<min(bytes.count, (part + 1) * partBytes)]
            let key = key(shard, entity, field, part: number(UInt32(part), header.bank))
            keys.insert(key)
            changes.append(.put(.valueTables, key: key, value: Array(slice)))
        }
        changes.append(.put(.valueTables, key: key(shard, entity, field, part: 0), value: header.encoded))
        try transaction.scan(.valueTables, KeyRange(prefix: prefix(shard, entity, field))) { key, _ in
            let key = Array(key)
            if !keys.contains(key) { changes.append(.delete(.valueTables, key: key)) }
            return .next
        }
        return changes
    }

    private static func number(_ part: UInt32, _ bank: UInt8) -> UInt32 { (bank == 0 ? 0 : bankBit) | (part + 1) }
}
