/// The unit of ownership in the store: a connection and all that belongs to it, or the installation itself.
///
/// A connection's is its uid: a UUIDv7 (RFC 9562 §5.7), never used again.
package struct ShardID: Hashable, Comparable, Sendable {
    /// 16 bytes, most significant first; keys of the store begin with them.
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// What belongs to the installation: settings, the directory of names.
    package static let system = ShardID(high: 0, low: 0)

    /// A UUIDv7 of this instant.
    package static func make(at now: Timestamp, random: inout some RandomNumberGenerator) -> ShardID {
        let millis = UInt64(max(0, now.micros / 1_000)) & 0xFFFF_FFFF_FFFF
        let high = millis << 16 | 0x7000 | UInt64(UInt16.random(in: 0...0x0FFF, using: &random))
        let low = UInt64.random(in: .min ... .max, using: &random) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return ShardID(high: high, low: low)
    }

    package static func < (a: ShardID, b: ShardID) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

extension ShardID: CustomStringConvertible {
    /// "018f2a3b-4c5d-7e6f-8a9b-0c1d2e3f4a5b".
    package var description: String {
        let digits = hexadecimal(high) + hexadecimal(low)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { text.append("-") }
            text.append(digit)
        }
        return text
    }

    /// Reads what `description` writes.
    package init?(text: some StringProtocol) {
        let digits = String(text.filter { $0 != "-" })
        guard digits.utf8.count == 32, text.utf8.count == 36,
            let high = UInt64(digits.prefix(16), radix: 16), let low = UInt64(digits.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
        // Number parsing takes signs, and the dashes may have been anywhere.
        guard description == text.lowercased() else { return nil }
    }

    private func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
