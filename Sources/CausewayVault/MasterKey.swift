package import CausewayCore
import Crypto

/// The key under which all credentials of the installation are sealed.
package struct MasterKey: Sendable {
    /// Length of a key.
    package static let byteCount = 32

    /// Which key it is. Derived one-way: tells two keys apart and reveals nothing of either.
    package let id: KeyID
    private let secret: Secret

    /// - Throws: ``CausewayError`` (invalid argument, `MASTER_KEY_MALFORMED`) when `secret` is not 32 bytes.
    package init(_ secret: Secret) throws(CausewayError) {
        guard secret.count == Self.byteCount else {
            throw CausewayError(
                .invalidArgument, reason: "MASTER_KEY_MALFORMED",
                "A master key has \(Self.byteCount) bytes, this one has \(secret.count).")
        }
        self.secret = secret
        let key = Self.derive(from: secret, purpose: "causeway vault key id", byteCount: KeyID.byteCount)
        id = KeyID(key.withUnsafeBytes { Array($0) })
    }

    /// A new key.
    package static func make(_ random: RandomBytes = .system) throws(CausewayError) -> MasterKey {
        try MasterKey(random.secret(byteCount))
    }

    /// Reads what ``withText(_:)`` writes; also 64 hexadecimal digits, and 32 bytes as they are. One line end at the
    /// end is ignored.
    ///
    /// - Throws: as ``init(_:)``.
    package init(text: Secret) throws(CausewayError) {
        guard let bytes = KeyText.read(text) else {
            throw CausewayError(
                .invalidArgument, reason: "MASTER_KEY_MALFORMED",
                "The master key is neither \(Self.byteCount) bytes in base64, nor 64 hexadecimal digits, nor "
                    + "\(Self.byteCount) plain bytes.")
        }
        try self.init(bytes)
    }

    /// The key in base64 with a line end, as it stands in a key file.
    var text: Secret { KeyText.write(secret) }

    /// The key for sealing, its own so that nothing else made from the master key can stand for it.
    var sealingKey: SymmetricKey { Self.derive(from: secret, purpose: "causeway vault sealing", byteCount: 32) }

    private static func derive(from secret: Secret, purpose: String, byteCount: Int) -> SymmetricKey {
        secret.withUnsafeBytes { bytes in
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: SymmetricKey(data: bytes), info: Array(purpose.utf8), outputByteCount: byteCount)
        }
    }
}

/// Tells master keys apart.
package struct KeyID: Hashable, Sendable, CustomStringConvertible {
    static let byteCount = 8
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Sixteen hexadecimal digits.
    package var description: String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
