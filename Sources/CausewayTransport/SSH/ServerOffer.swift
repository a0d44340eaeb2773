/// What an SSH server says that it can do, before anything is agreed on: its KEXINIT message, RFC 4253 §7.1.
///
/// The bytes come from an unknown host: every length is checked, and no more than ``limit`` of them are looked at.
struct ServerOffer: Hashable, Sendable {
    var keyExchanges: [String]
    var hostKeys: [String]
    /// From the server to us.
    var ciphers: [String]
    /// From the server to us.
    var macs: [String]

    /// Bytes of a server's first words that are looked at.
    static let limit = 40_000

    /// Reads the server's version line, lines before it, and its first packet.
    ///
    /// - Returns: nil while bytes are missing, or when they are something else.
    init?(firstBytes bytes: [UInt8]) {
        guard let start = Self.endOfVersionLine(bytes) else { return nil }
        var reader = SSHReader(bytes[start...].prefix(Self.limit))
        guard let packetLength = reader.integer(), packetLength <= 35_000, let padding = reader.byte(),
            let kind = reader.byte(), kind == 20, Int(padding) < Int(packetLength), reader.skip(16),
            let keyExchanges = reader.nameList(), let hostKeys = reader.nameList(), reader.nameList() != nil,
            let ciphers = reader.nameList(), reader.nameList() != nil, let macs = reader.nameList()
        else { return nil }
        self.keyExchanges = keyExchanges
        self.hostKeys = hostKeys
        self.ciphers = ciphers
        self.macs = macs
    }

    private static func endOfVersionLine(_ bytes: [UInt8]) -> Int? {
        var lineStart = 0
        for index in bytes.indices.prefix(limit) where bytes[index] == UInt8(ascii: "\n") {
            if bytes[lineStart...].starts(with: "SSH-".utf8) { return index + 1 }
            lineStart = index + 1
        }
        return nil
    }
}

/// Reads the data types of RFC 4251 §5; nil where bytes are missing.
struct SSHReader {
    private var rest: ArraySlice<UInt8>
    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func byte() -> UInt8? { rest.popFirst() }

    mutating func skip(_ count: Int) -> Bool {
        guard count <= rest.count else { return false }
        rest = rest.dropFirst(count)
        return true
    }

    mutating func integer() -> UInt32? {
        guard rest.count >= 4 else { return nil }
        let value = rest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        rest = rest.dropFirst(4)
        return value
    }

    mutating func string() -> ArraySlice<UInt8>? {
        guard let length = integer(), Int(length) <= rest.count else { return nil }
        defer { rest = rest.dropFirst(Int(length)) }
        return rest.prefix(Int(length))
    }

    /// A name of RFC 4251 §6: at most 64 characters of printable ASCII, the only ones that are kept.
    private static func name(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix(64).filter { (0x21...0x7E).contains($0) }, as: UTF8.self)
    }

    /// The first 64 names.
    mutating func nameList() -> [String]? {
        guard let bytes = string() else { return nil }
        return bytes.split(separator: UInt8(ascii: ",")).prefix(64).map { Self.name($0) }
    }
}
