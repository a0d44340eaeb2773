package import CausewayCore

/// Says that stored bytes are not what was written.
package enum StoreDamage {
    /// Data loss with reason `STORE_DAMAGED` that names the table and the key.
    package static func error(_ table: Table, _ key: [UInt8], _ detail: String) -> CausewayError {
        let name = hexadecimal(key)
        return CausewayError(
            .dataLoss, reason: "STORE_DAMAGED",
            "Entry \(name) of the table \(table.name) is damaged (\(detail)); restore a backup, or delete what it belongs to.",
            metadata: ["table": table.name, "key": name, "detail": detail])
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Why bytes could not be decoded; becomes a ``StoreDamage`` error where the table and key are known.
struct Damage: Error {
    let detail: String
    init(_ detail: String) { self.detail = detail }
}
