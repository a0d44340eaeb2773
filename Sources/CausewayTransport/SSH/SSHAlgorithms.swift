import CSSH2

/// The algorithms that are accepted, best first. No SHA-1 in an exchange or signature, no CBC, nothing below 112 bits.
enum SSHAlgorithms {
    static let hostKeyKind = "host key"

    static let keyExchanges = [
        "curve25519-sha256", "curve25519-sha256@libssh.org",
        "ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",
        "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512", "diffie-hellman-group14-sha256",
        "diffie-hellman-group-exchange-sha256",
        // Not exchanges but signs of what we understand: RFC 8308, and the remedy against CVE-2023-48795.
        "ext-info-c", "kex-strict-c-v00@openssh.com",
    ]
    static let hostKeys = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
        "rsa-sha2-512", "rsa-sha2-256",
    ]
    static let ciphers = [
        "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr",
    ]
    static let macs = [
        "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512",
    ]

    /// What the loaded library knows of `names`, in their order.
    ///
    /// libssh2 would leave out what it does not know, but copies over itself while it does.
    static func known(_ names: [String], _ method: Int32, to session: OpaquePointer) -> [String] {
        var list: UnsafeMutablePointer<UnsafePointer<CChar>?>?
        let count = libssh2_session_supported_algs(session, method, &list)
        guard count > 0, let list else { return [] }
        defer { libssh2_free(session, list) }
        let supported = Set((0..<Int(count)).compactMap { list[$0].map { String(cString: $0) } })
        return names.filter { supported.contains($0) }
    }
}
