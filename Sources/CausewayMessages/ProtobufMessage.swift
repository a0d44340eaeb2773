/// A message of the API or of the store, as a value.
///
/// The types under Generated are made by tools/protos. Fields that are absent have proto3's defaults; fields, oneof
/// members and enum numbers that this build does not know are dropped, dropped, and kept.
package protocol ProtobufMessage: Hashable, Sendable, CustomDebugStringConvertible {
    /// All fields absent.
    init()

    /// How the message is read and written; made by tools/protos.
    static var codec: MessageCodec<Self> { get }
}

extension ProtobufMessage {
    /// The fields for logs and test reports.
    ///
    /// Of bytes only the count is shown: credentials travel as bytes, and so do messages within frames.
    package var debugDescription: String {
        let fields = Mirror(reflecting: self).children.map { field in
            "\(field.label ?? "_"): \(Self.text(of: field.value))"
        }
        return "\(Self.self)(\(fields.joined(separator: ", ")))"
    }

    private static func text(of value: Any) -> String {
        switch value {
        case let bytes as [UInt8]: "<\(bytes.count) bytes>"
        case let bytes as [[UInt8]]: "<\(bytes.count) times bytes>"
        case let map as [String: [UInt8]]:
            "[" + map.sortedByKey().map { "\($0.key): <\($0.value.count) bytes>" }.joined(separator: ", ") + "]"
        default: String(reflecting: value)
        }
    }
}

extension ProtobufMessage {
    /// A message made in one expression: `GetRunRequest.with { $0.name = name }`.
    package static func with<E: Error>(_ fill: (inout Self) throws(E) -> Void) throws(E) -> Self {
        var message = Self()
        try fill(&message)
        return message
    }

    /// Reads a message.
    ///
    /// The bytes may be anything: nesting, memory and text are checked.
    package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits = .standard) throws(MessageError) {
        self = try Self.codec.decode(bytes, limits)
    }

    /// Reads a message.
    ///
    /// The bytes may be anything: nesting, memory and text are checked.
    package init(decoding bytes: [UInt8], limits: MessageLimits = .standard) throws(MessageError) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(MessageError) in
            try Self(decoding: UnsafeRawBufferPointer(buffer), limits: limits)
        }
    }

    /// The message as bytes; equal messages give equal bytes, for maps are written in the order of their keys.
    ///
    /// Fails only for a text that holds a NUL character, which the C library cannot carry, and without memory.
    package func encoded() throws(MessageError) -> [UInt8] {
        try Self.codec.encode(self) { size, fill in
            [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
                count = fill(UnsafeMutableRawBufferPointer(buffer))
            }
        }
    }

    /// Encodes straight into memory of the caller's.
    ///
    /// `write` is called once with the size in bytes and a closure that fills a buffer of at least that size and
    /// returns the size. Fails as ``encoded()``.
    package func encode<R>(
        _ write: (_ size: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) -> R
    ) throws(MessageError) -> R {
        try Self.codec.encode(self, write)
    }
}

/// An enum of the API: any number, with names for those that this build knows.
package protocol ProtobufEnum: RawRepresentable, Hashable, Sendable, CaseIterable, CustomStringConvertible
where RawValue == Int32 {
    init(rawValue: Int32)
}

extension ProtobufEnum {
    /// Whether this build has a name for it.
    package var isKnown: Bool { Self.allCases.contains(self) }
}

/// What decoding may take.
package struct MessageLimits: Sendable {
    /// Messages within messages, the outermost counted.
    package var depth: Int
    /// Bytes of memory for the C structs of one message; the Swift values take about as much again.
    package var memory: Int

    package init(depth: Int, memory: Int) {
        self.depth = depth
        self.memory = memory
    }

    /// 64 levels; 64 MiB, which a full frame of ordinary messages does not reach.
    package static let standard = MessageLimits(depth: 64, memory: 64 << 20)
}

/// Why a message could not be read or written.
package struct MessageError: Error, Hashable, CustomStringConvertible {
    /// What is wrong.
    package enum Kind: Hashable, Sendable {
        /// The bytes are not an encoding of the message.
        case malformed
        /// Messages within messages beyond the limit.
        case tooDeep
        /// More memory than the limit allows.
        case tooLarge
        /// A text is not UTF-8.
        case invalidText
        /// A text holds a NUL character.
        case nulInText
    }

    package var kind: Kind

    package init(_ kind: Kind) { self.kind = kind }

    package var description: String {
        switch kind {
        case .malformed: "the bytes are not an encoding of the message"
        case .tooDeep: "the message is nested too deeply"
        case .tooLarge: "the message takes too much memory"
        case .invalidText: "a text of the message is not UTF-8"
        case .nulInText: "a text of the message holds a NUL character"
        }
    }
}
