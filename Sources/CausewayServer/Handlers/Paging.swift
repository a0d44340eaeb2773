import CausewayCore

/// Pages by AIP-158. A token is the key behind which the next page begins, in URL-safe characters; it holds no local
/// offset and no authorisation.
enum Paging {
    /// - Throws: ``CausewayError`` (invalid argument) for a negative size.
    static func size(_ asked: Int32, default usual: Int, limit: Int) throws(CausewayError) -> Int {
        guard asked >= 0 else { throw .invalid("page_size", "\(asked) is negative.") }
        return asked == 0 ? usual : min(Int(asked), limit)
    }

    static func token(_ key: String) -> String {
        key.utf8.map { byte in
            let digits = String(byte, radix: 16)
            return byte < 16 ? "0\(digits)" : digits
        }.joined()
    }

    /// - Throws: ``CausewayError`` (invalid argument) for a text that is no token of ours.
    static func key(_ token: String) throws(CausewayError) -> String? {
        guard !token.isEmpty else { return nil }
        var bytes: [UInt8] = []
        var rest = token[...]
        while !rest.isEmpty {
            guard rest.utf8.count >= 2, let byte = UInt8(rest.prefix(2), radix: 16) else { throw .badToken }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        guard let key = String(validating: bytes, as: UTF8.self) else { throw .badToken }
        return key
    }

    static func number(_ token: String) throws(CausewayError) -> UInt64? {
        guard let key = try key(token) else { return nil }
        guard let number = UInt64(key) else { throw .badToken }
        return number
    }
}

extension CausewayError {
    fileprivate static var badToken: CausewayError {
        .invalid("page_token", "it is not a token that an earlier page gave.")
    }
}
