package import CausewayCore
import Crypto
import FoundationEssentials
import Glibc

/// Where a sealed value belongs. It opens nowhere else.
package struct SealContext: Hashable, Sendable {
    /// The connection's shard.
    package var shard: ShardID
    /// The setting's name.
    package var name: String

    package init(shard: ShardID, name: String) {
        self.shard = shard
        self.name = name
    }
}

/// Seals and opens credentials under one master key: AES-256-GCM with a fresh random nonce each time, bound to where
/// the value belongs.
///
/// A sealed value is: version (1 byte, 1), key id (8), nonce (12), ciphertext, tag (16). Version, key id, shard and name
/// are authenticated with it. One key may seal 2³² values before the chance of a repeated nonce exceeds 2⁻³²
/// (NIST SP 800-38D §8.3).
package struct Vault: Sendable {
    /// Which key this vault seals under.
    package let keyID: KeyID
    private let key: SymmetricKey
    private let random: RandomBytes

    package init(_ key: MasterKey, random: RandomBytes = .system) {
        keyID = key.id
        self.key = key.sealingKey
        self.random = random
    }

    /// The bytes to store for `secret`.
    ///
    /// - Throws: ``CausewayError`` (internal) when there are no random bytes to be had; (invalid argument,
    ///   `SECRET_TOO_LONG`) beyond ``greatestSecret`` bytes.
    package func seal(_ secret: Secret, _ context: SealContext) throws(CausewayError) -> [UInt8] {
        guard secret.count <= Self.greatestSecret else {
            throw CausewayError(
                .invalidArgument, reason: "SECRET_TOO_LONG",
                "\(context.name) has \(secret.count) bytes; a credential has \(Self.greatestSecret) at most.",
                metadata: ["name": context.name])
        }
        let header = [Self.version] + keyID.bytes
        let nonce = try random.bytes(Self.nonceCount)
        do {
            let box = try secret.withUnsafeBytes { plain in
                try AES.GCM.seal(
                    plain, using: key, nonce: AES.GCM.Nonce(data: nonce),
                    authenticating: Self.associated(header, context))
            }
            return header + nonce + Array(box.ciphertext) + Array(box.tag)
        } catch {
            throw CausewayError(
                .internal, reason: "SEAL_FAILED", "The credential \(context.name) could not be sealed.",
                metadata: ["name": context.name], cause: error)
        }
    }

    /// What was sealed for `context`.
    ///
    /// - Throws: ``CausewayError``: `MASTER_KEY_WRONG` (failed precondition) when it was sealed under another key,
    ///   `SEALED_VALUE_DAMAGED` (data loss) when it was changed, cut short, or belongs elsewhere.
    package func open(_ sealed: [UInt8], _ context: SealContext) throws(CausewayError) -> Secret {
        let headerCount = 1 + KeyID.byteCount
        guard sealed.count >= headerCount + Self.nonceCount + Self.tagCount, sealed[0] == Self.version else {
            throw .damaged(context)
        }
        let header = Array(sealed[..<headerCount])
        let sealer = KeyID(Array(header[1...]))
        guard sealer == keyID else { throw .masterKeyWrong(expected: sealer, found: keyID) }
        let nonceEnd = headerCount + Self.nonceCount
        let tagStart = sealed.count - Self.tagCount
        do {
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: sealed[headerCount..<nonceEnd]),
                ciphertext: sealed[nonceEnd..<tagStart], tag: sealed[tagStart...])
            var plain = try AES.GCM.open(box, using: key, authenticating: Self.associated(header, context))
            defer {
                plain.withUnsafeMutableBytes { buffer in
                    if let base = buffer.baseAddress { explicit_bzero(base, buffer.count) }
                }
            }
            return plain.withUnsafeBytes { Secret($0) }
        } catch {
            throw .damaged(context)
        }
    }

    /// `sealed` as it has to be stored once `next` is the vault: for the rotation of the master key.
    ///
    /// - Throws: as ``open(_:_:)`` and ``seal(_:_:)``.
    package func reseal(
        _ sealed: [UInt8], _ context: SealContext, for next: Vault
    ) throws(CausewayError) -> [UInt8] {
        try next.seal(open(sealed, context), context)
    }

    /// The longest credential, in bytes: private keys and certificate chains fit many times over.
    package static let greatestSecret = 256 * 1_024

    private static let version: UInt8 = 1
    private static let nonceCount = 12
    private static let tagCount = 16

    /// The shard has a fixed length and the name is last, so no two contexts give the same bytes.
    private static func associated(_ header: [UInt8], _ context: SealContext) -> [UInt8] {
        var bytes = header
        withUnsafeBytes(of: context.shard.high.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: context.shard.low.bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: context.name.utf8)
        return bytes
    }
}

// MARK: The check value

extension Vault {
    /// A sealed constant, to be stored beside the credentials in the system's shard: by it a wrong key is noticed before
    /// anything is sealed under it.
    package func makeCheckValue() throws(CausewayError) -> [UInt8] {
        try seal(Secret(Self.checkText), Self.checkContext)
    }

    /// Whether `checkValue` was made under this vault's key.
    ///
    /// - Throws: ``CausewayError`` (data loss, `SEALED_VALUE_DAMAGED`) when it names this key and is not whole.
    package func accepts(_ checkValue: [UInt8]) throws(CausewayError) -> Bool {
        guard Self.keyID(of: checkValue) == keyID else { return false }
        guard try open(checkValue, Self.checkContext).matches(Secret(Self.checkText)) else {
            throw .damaged(Self.checkContext)
        }
        return true
    }

    /// Which key a sealed value names; nil when it is too short to name one.
    static func keyID(of sealed: [UInt8]) -> KeyID? {
        guard sealed.count > KeyID.byteCount, sealed[0] == version else { return nil }
        return KeyID(Array(sealed[1...KeyID.byteCount]))
    }

    private static let checkText = "causeway check value 1"
    private static let checkContext = SealContext(shard: .system, name: "master key check value")
}

extension CausewayError {
    static func damaged(_ context: SealContext) -> CausewayError {
        CausewayError(
            .dataLoss, reason: "SEALED_VALUE_DAMAGED",
            "The stored credential \(context.name) was changed or belongs elsewhere; replace it by reconnecting.",
            metadata: ["name": context.name])
    }

    static func masterKeyWrong(expected: KeyID?, found: KeyID) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "MASTER_KEY_WRONG",
            "The credentials are sealed under master key \(expected?.description ?? "unknown"), but the key at hand is "
                + "\(found); provide the right one. Nothing was changed.",
            metadata: ["expected": expected?.description ?? "unknown", "found": found.description])
    }
}
