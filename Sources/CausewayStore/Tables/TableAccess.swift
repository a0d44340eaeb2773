import CausewayCore
import CausewayMessages

/// Reading and writing of messages, for the typed tables.
enum TableAccess {
    /// The message under `key`.
    ///
    /// - Throws: ``CausewayError``; data loss with reason `STORE_DAMAGED` when the bytes are no such message.
    static func get<M: ProtobufMessage>(
        _ type: M.Type, _ table: Table, _ key: [UInt8], in transaction: borrowing ReadTransaction
    ) throws -> M? {
        try transaction.get(table, key) { try decode(type, table, key, $0) }
    }

    /// The entries of `range` that `make` makes something of, at most `limit`.
    ///
    /// - Parameter make: gets the key behind the shard, and the message.
    static func list<M: ProtobufMessage, T>(
        _ type: M.Type, _ table: Table, _ range: KeyRange, reverse: Bool = false, limit: Int,
        in transaction: borrowing ReadTransaction, _ make: (KeyTail, M) throws -> T?
    ) throws -> [T] {
        var found: [T] = []
        guard limit > 0 else { return found }
        try transaction.scan(table, range, reverse: reverse) { key, value in
            let tail = KeyTail(table, key)
            if let entry = try make(tail, decode(type, table, tail.key, value)) { found.append(entry) }
            return found.count < limit ? .next : .stop
        }
        return found
    }

    static func decode<M: ProtobufMessage>(
        _ type: M.Type, _ table: Table, _ key: [UInt8], _ value: UnsafeRawBufferPointer
    ) throws(CausewayError) -> M {
        do throws(MessageError) {
            return try M(decoding: value)
        } catch {
            throw StoreDamage.error(table, key, error.description)
        }
    }

    /// - Throws: ``CausewayError`` (invalid argument, `VALUE_NOT_STORABLE`): a text holds a NUL character.
    static func encode(_ message: some ProtobufMessage, for table: Table) throws(CausewayError) -> [UInt8] {
        do throws(MessageError) {
            return try message.encoded()
        } catch {
            throw CausewayError(
                .invalidArgument, reason: "VALUE_NOT_STORABLE",
                "A value for the table \(table.name) cannot be stored: \(error.description).",
                metadata: ["table": table.name], cause: error)
        }
    }

    /// The number of the last key that begins with `prefix` and goes on with a 64-bit number; nil when there is none.
    static func lastNumber(
        _ table: Table, prefix: [UInt8], in transaction: borrowing ReadTransaction
    ) throws -> UInt64? {
        var last: UInt64?
        try transaction.scan(table, KeyRange(prefix: prefix), reverse: true) { key, _ in
            last = try KeyTail(table, key).number(at: prefix.count - KeyTail.shardBytes)
            return .stop
        }
        return last
    }
}

extension CommitUnit {
    /// Sets a message in the unit's shard.
    mutating func put(_ table: Table, _ key: [UInt8], message: some ProtobufMessage) throws(CausewayError) {
        put(table, key, try TableAccess.encode(message, for: table))
    }
}

/// A key as it was found, read behind its shard.
struct KeyTail {
    static let shardBytes = 16
    let key: [UInt8]
    private let table: Table

    init(_ table: Table, _ key: UnsafeRawBufferPointer) {
        self.table = table
        self.key = Array(key)
    }

    var bytes: ArraySlice<UInt8> { key.dropFirst(Self.shardBytes) }

    /// The text that the key ends with.
    func text(at offset: Int = 0) -> String { String(decoding: bytes.dropFirst(offset), as: UTF8.self) }

    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    func number(at offset: Int = 0) throws(CausewayError) -> UInt64 { try integer(at: offset) }
    func half(at offset: Int = 0) throws(CausewayError) -> UInt32 { try integer(at: offset) }

    private func integer<T: FixedWidthInteger>(at offset: Int) throws(CausewayError) -> T {
        let part = bytes.dropFirst(offset).prefix(MemoryLayout<T>.size)
        guard part.count == MemoryLayout<T>.size else { throw StoreDamage.error(table, key, "its key is cut short") }
        return part.reduce(0) { $0 << 8 | T($1) }
    }
}

/// Signed numbers in keys, so that bytes order as numbers do.
enum OrderedNumber {
    static func encode(_ number: Int64) -> UInt64 { UInt64(bitPattern: number) ^ 1 << 63 }
    static func decode(_ number: UInt64) -> Int64 { Int64(bitPattern: number ^ 1 << 63) }
}
