import CCausewayProto
import CProtobufC

/// How one kind of message is read and written.
package struct MessageCodec<Message: Sendable>: Sendable {
    /// Reads any bytes within the limits.
    let decode: @Sendable (UnsafeRawBufferPointer, MessageLimits) throws(MessageError) -> Message
    /// Builds the message's C struct in the arena.
    let build: @Sendable (Message, borrowing Arena) throws(MessageError) -> UnsafeMutablePointer<ProtobufCMessage>

    /// Calls `write` with the size and a closure that packs the message.
    func encode<R>(
        _ message: Message, _ write: (Int, (UnsafeMutableRawBufferPointer) -> Int) -> R
    ) throws(MessageError) -> R {
        let arena = try Arena(chunk: 1024, limit: .max)
        let c = try build(message, arena)
        return write(protobuf_c_message_get_packed_size(c)) { buffer in
            guard let base = buffer.baseAddress, buffer.count > 0 else { return 0 }
            return protobuf_c_message_pack(c, base.assumingMemoryBound(to: UInt8.self))
        }
    }
}

/// A message that has a C struct of protoc-c.
protocol CStructMessage: ProtobufMessage {
    associatedtype CStruct

    /// The struct's fields, for the C library.
    static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { get }

    /// Copies everything out of the struct.
    init(reading c: UnsafeMutablePointer<CStruct>) throws(MessageError)

    /// Builds the struct, and all that it points to, in the arena.
    func write(to arena: borrowing Arena) throws(MessageError) -> UnsafeMutablePointer<CStruct>
}

extension MessageCodec where Message: CStructMessage {
    init(_ type: Message.Type) {
        decode = { bytes, limits throws(MessageError) in try unpack(bytes, limits) }
        build = { message, arena throws(MessageError) in
            UnsafeMutableRawPointer(try message.write(to: arena)).assumingMemoryBound(to: ProtobufCMessage.self)
        }
    }
}

/// Checks the bytes, unpacks them into an arena and copies the values out.
private func unpack<Message: CStructMessage>(
    _ bytes: UnsafeRawBufferPointer, _ limits: MessageLimits
) throws(MessageError) -> Message {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return Message() }
    let start = base.assumingMemoryBound(to: UInt8.self)
    let found = causeway_inspect(Message.descriptor, start, bytes.count, UInt32(clamping: limits.depth))
    switch found {
    case CAUSEWAY_INSPECT_FINE: break
    case CAUSEWAY_INSPECT_TOO_DEEP: throw MessageError(.tooDeep)
    case CAUSEWAY_INSPECT_NUL_IN_TEXT: throw MessageError(.nulInText)
    default: throw MessageError(.malformed)
    }
    let arena = try Arena(chunk: min(max(1024, bytes.count * 4), 1 << 20), limit: limits.memory)
    guard let c = protobuf_c_message_unpack(Message.descriptor, arena.allocator, bytes.count, start) else {
        throw MessageError(arena.isExhausted ? .tooLarge : .malformed)
    }
    return try Message(reading: UnsafeMutableRawPointer(c).assumingMemoryBound(to: Message.CStruct.self))
}

/// A text of a C struct; the C library gives NULL for an absent one in a oneof.
func readText(_ text: UnsafePointer<CChar>?) throws(MessageError) -> String {
    guard let text, text.pointee != 0 else { return "" }
    guard let string = String(validatingCString: text) else { throw MessageError(.invalidText) }
    return string
}

/// The bytes of a C struct's field.
func readBytes(_ data: ProtobufCBinaryData) -> [UInt8] {
    [UInt8](UnsafeBufferPointer(start: data.data, count: data.len))
}

/// A pointer that the C library always sets.
func present<T>(_ pointer: UnsafeMutablePointer<T>?) throws(MessageError) -> UnsafeMutablePointer<T> {
    guard let pointer else { throw MessageError(.malformed) }
    return pointer
}

extension Dictionary where Key == String {
    /// The entries in the order of the keys' UTF-8 bytes.
    func sortedByKey() -> [Element] {
        sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
}
