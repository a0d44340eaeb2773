package import CausewayCore

/// Builds order-preserving keys: fixed-width big-endian numbers and a last part of plain bytes.
package struct KeyBuilder: Sendable {
    package private(set) var bytes: [UInt8]

    /// A key of `shard`, with room for `capacity` more bytes.
    package init(_ shard: ShardID, capacity: Int = 16) {
        bytes = []
        bytes.reserveCapacity(16 + capacity)
        append(shard.high)
        append(shard.low)
    }

    package mutating func append(_ number: UInt64) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
    package mutating func append(_ number: UInt32) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
    /// Only as the last part: text has no end mark.
    package mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
    /// Only as the last part.
    package mutating func append(_ tail: some Sequence<UInt8>) { bytes.append(contentsOf: tail) }

    package static func key(_ shard: ShardID) -> [UInt8] { KeyBuilder(shard, capacity: 0).bytes }
    package static func key(_ shard: ShardID, _ text: String) -> [UInt8] {
        var key = KeyBuilder(shard, capacity: text.utf8.count)
        key.append(text)
        return key.bytes
    }
    package static func key(_ shard: ShardID, _ number: UInt64) -> [UInt8] {
        var key = KeyBuilder(shard)
        key.append(number)
        return key.bytes
    }
    package static func key(_ shard: ShardID, _ first: UInt64, _ second: UInt64) -> [UInt8] {
        var key = KeyBuilder(shard)
        key.append(first)
        key.append(second)
        return key.bytes
    }
    package static func key(_ shard: ShardID, entity: UInt32) -> [UInt8] {
        var key = KeyBuilder(shard)
        key.append(entity)
        return key.bytes
    }
    package static func key(_ shard: ShardID, entity: UInt32, _ number: UInt64) -> [UInt8] {
        var key = KeyBuilder(shard)
        key.append(entity)
        key.append(number)
        return key.bytes
    }
    package static func key(_ shard: ShardID, entity: UInt32, field: UInt32) -> [UInt8] {
        var key = KeyBuilder(shard)
        key.append(entity)
        key.append(field)
        return key.bytes
    }
    package static func key(_ shard: ShardID, entity: UInt32, _ tail: some Collection<UInt8>) -> [UInt8] {
        var key = KeyBuilder(shard, capacity: 4 + tail.count)
        key.append(entity)
        key.append(tail)
        return key.bytes
    }
}
