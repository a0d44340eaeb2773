import CCurl
import CSSH2

/// The versions of the transport libraries that were loaded, and what follows from them.
package enum LibraryVersions {
    /// "1.10.0".
    package static let libssh2: String = libssh2_version(0).map { String(cString: $0) } ?? "unknown"
    /// "libcurl/7.88.1 OpenSSL/3.0.17 …".
    package static let libcurl: String = curl_version().map { String(cString: $0) } ?? "unknown"

    /// Whether RSA keys work with SHA-2 signatures, the only ones that servers take today. Came with libssh2 1.11.0.
    package static let hasRSAWithSHA2: Bool = libssh2_version(0x01_0B_00) != nil

    /// 1.11.0 and 1.11.1 came with faults in what they read from a server before it is known.
    private static let needsSecurityFixes = libssh2.hasPrefix("1.11.0") || libssh2.hasPrefix("1.11.1")

    /// What the loaded versions cannot do and what to do instead, a sentence each.
    package static let limitations: [String] =
        (hasRSAWithSHA2
            ? []
            : [
                "libssh2 \(libssh2) signs with RSA by SHA-1 only: sign in with an ed25519 or ecdsa key.",
                "libssh2 \(libssh2) reaches no server that has only an RSA host key: add an ed25519 one there.",
                "libssh2 \(libssh2) cannot rename over an existing file: files are moved to names that are free.",
            ])
        + (needsSecurityFixes
            ? ["libssh2 \(libssh2) is safe only with the security fixes of its distribution: keep it up to date."]
            : [])
}
