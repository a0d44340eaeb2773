package import CausewayCore

/// What can be told of a private key without opening it.
package struct PrivateKeyForm: Hashable, Sendable {
    package enum Container: Hashable, Sendable {
        /// "BEGIN OPENSSH PRIVATE KEY".
        case openSSH
        /// "BEGIN … PRIVATE KEY" of OpenSSL: PKCS #1, SEC 1 or PKCS #8.
        case pem
        /// PuTTY's own format, which is not read here.
        case putty
        /// A public key where a private one is wanted.
        case publicKey
        case unknown
    }

    package var container: Container
    /// Nil where it cannot be told without the passphrase.
    package var isRSA: Bool?
    package var isEncrypted: Bool

    package init(_ key: Secret) {
        self = key.withUnsafeBytes { Self(bytes: $0.prefix(64 << 10)) }
    }

    private init(container: Container, isRSA: Bool? = nil, isEncrypted: Bool = false) {
        self.container = container
        self.isRSA = isRSA
        self.isEncrypted = isEncrypted
    }

    private init(bytes: Slice<UnsafeRawBufferPointer>) {
        let lines = bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        guard let start = lines.firstIndex(where: { !$0.allSatisfy { $0 <= 0x20 } }) else {
            self.init(container: .unknown)
            return
        }
        let body = lines[(start + 1)...]
        switch Self.title(lines[start]) {
        case "OPENSSH PRIVATE KEY": self = Self.openSSH(body)
        case "RSA PRIVATE KEY":
            self.init(container: .pem, isRSA: true, isEncrypted: Self.hasEncryptionHeader(body))
        case "EC PRIVATE KEY", "DSA PRIVATE KEY":
            self.init(container: .pem, isRSA: false, isEncrypted: Self.hasEncryptionHeader(body))
        case "PRIVATE KEY": self.init(container: .pem, isRSA: Self.holdsRSAIdentifier(body))
        case "ENCRYPTED PRIVATE KEY": self.init(container: .pem, isEncrypted: true)
        case "PUBLIC KEY", "RSA PUBLIC KEY", "SSH2 PUBLIC KEY": self.init(container: .publicKey)
        default:
            let first = lines[start]
            if first.starts(with: "PuTTY-User-Key-File".utf8) {
                self.init(container: .putty)
            } else if first.starts(with: "ssh-".utf8) || first.starts(with: "ecdsa-".utf8) {
                self.init(container: .publicKey)
            } else {
                self.init(container: .unknown)
            }
        }
    }

    /// The words between "-----BEGIN " and "-----".
    private static func title(_ line: Slice<UnsafeRawBufferPointer>) -> String {
        let text = String(decoding: line.prefix(80), as: UTF8.self)
        guard let begin = text.firstRange(of: "-----BEGIN "), text.hasSuffix("-----") else {
            return text.hasPrefix("---- BEGIN SSH2 PUBLIC KEY") ? "SSH2 PUBLIC KEY" : ""
        }
        return String(text[begin.upperBound...].dropLast(5))
    }

    private static func hasEncryptionHeader(_ body: ArraySlice<Slice<UnsafeRawBufferPointer>>) -> Bool {
        body.prefix(3).contains { $0.starts(with: "Proc-Type: 4,ENCRYPTED".utf8) }
    }

    /// openssh-key-v1: magic, cipher, kdf, kdf options, number of keys, public key (PROTOCOL.key of OpenSSH).
    private static func openSSH(_ body: ArraySlice<Slice<UnsafeRawBufferPointer>>) -> PrivateKeyForm {
        var form = PrivateKeyForm(container: .openSSH)
        // The secret part comes after the first kilobyte of all but the largest keys' public part.
        let head = Base64.decode(base64(body), limit: 256) ?? []
        var reader = SSHReader(head[...])
        guard reader.skip("openssh-key-v1".utf8.count + 1), let cipher = reader.string(), reader.string() != nil,
            reader.string() != nil, reader.integer() != nil, reader.integer() != nil, let kind = reader.string()
        else { return form }
        form.isEncrypted = !cipher.elementsEqual("none".utf8)
        form.isRSA = kind.elementsEqual("ssh-rsa".utf8)
        return form
    }

    /// Whether the object identifier rsaEncryption, 1.2.840.113549.1.1.1, stands at the head of a PKCS #8 key.
    private static func holdsRSAIdentifier(_ body: ArraySlice<Slice<UnsafeRawBufferPointer>>) -> Bool? {
        guard let head = Base64.decode(base64(body), limit: 40) else { return nil }
        let identifier: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
        return head.indices.contains { head[$0...].starts(with: identifier) }
    }

    private static func base64(_ body: ArraySlice<Slice<UnsafeRawBufferPointer>>) -> some Sequence<UInt8> {
        body.lazy.prefix { $0.first != UInt8(ascii: "-") }.joined()
    }
}
