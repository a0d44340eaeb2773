import CausewayCore

/// Ids that make a request that is sent twice the same request.
enum RequestID {
    /// A random UUID (version 4, RFC 9562 §5.4).
    static func make() -> String {
        var random = SystemRandomNumberGenerator()
        let high = random.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = random.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return ShardID(high: high, low: low).description
    }
}
