import CausewayMessages

/// Reads any bytes as one kind of message.
///
/// Two bytes choose the kind, the rest is the message. What can be read must be written, read and written again to the
/// same bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMessages(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count >= 2 else { return 0 }
    let type = MessageKinds.standard.type(UInt16(start[0]) << 8 | UInt16(start[1]))
    let bytes = UnsafeRawBufferPointer(start: start + 2, count: count - 2)
    guard let first = written(type, bytes) else { return 0 }
    let second = first.withUnsafeBytes { written(type, $0) }
    precondition(first == second, "\(type) changed when it was written and read again")
    return 0
}

/// The message as bytes again, nil where it could not be read.
private func written(_ type: any ProtobufMessage.Type, _ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    guard let message = try? type.init(decoding: bytes) else { return nil }
    guard let result = try? message.encoded() else { preconditionFailure("\(type) cannot be written") }
    return result
}

/// Message kinds by a hash of their names, so that kept inputs stay what they are when messages are added.
private struct MessageKinds: Sendable {
    static let standard = MessageKinds()

    private let kinds: [(hash: UInt16, type: any ProtobufMessage.Type)]

    init() {
        kinds = allMessages.map { name, type in
            let hash = name.utf8.reduce(2_166_136_261 as UInt32) { ($0 ^ UInt32($1)) &* 16_777_619 }
            return (UInt16(truncatingIfNeeded: hash ^ hash >> 16), type)
        }
        .sorted { $0.hash < $1.hash }
    }

    /// The first kind whose hash is not below the number, else the first of all.
    func type(_ number: UInt16) -> any ProtobufMessage.Type {
        (kinds.first { $0.hash >= number } ?? kinds[0]).type
    }
}
