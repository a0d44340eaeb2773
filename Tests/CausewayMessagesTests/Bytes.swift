import CausewayMessages

/// The bytes of a hexadecimal text of the golden messages.
func bytes(hex: String) -> [UInt8] {
    var result: [UInt8] = []
    var rest = Substring(hex)
    while !rest.isEmpty {
        result.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
        rest = rest.dropFirst(2)
    }
    return result
}

/// A number as protobuf writes it.
func varint(_ number: UInt64) -> [UInt8] {
    var result: [UInt8] = []
    var rest = number
    while rest > 0x7f {
        result.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
    }
    return result + [UInt8(rest)]
}

/// A field with bytes in it.
func field(_ number: UInt64, _ content: [UInt8]) -> [UInt8] {
    varint(number << 3 | 2) + varint(UInt64(content.count)) + content
}

/// What reading the bytes fails with, nil when it does not.
func failure<M: ProtobufMessage>(
    _ type: M.Type, _ bytes: [UInt8], limits: MessageLimits = .standard
) -> MessageError.Kind? {
    do throws(MessageError) {
        _ = try M(decoding: bytes, limits: limits)
        return nil
    } catch {
        return error.kind
    }
}

/// Reads and writes again a message of a type known by name.
func again(_ type: any ProtobufMessage.Type, _ bytes: [UInt8]) throws(MessageError) -> [UInt8] {
    try type.init(decoding: bytes).encoded()
}

/// The type of that full name in proto.
func messageType(_ name: String) -> (any ProtobufMessage.Type)? {
    allMessages.first { $0.name == name }?.type
}
