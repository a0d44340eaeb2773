/// The SHA-256 of a server's public host key, as `ssh-keygen -lf` shows it.
package struct HostKeyFingerprint: Hashable, Sendable, CustomStringConvertible {
    private static let prefix = "SHA256:"
    /// "SHA256:" and 43 characters of base64 without padding.
    package let description: String

    /// Finds the fingerprint in `text`: alone, or in a line of `ssh-keygen -lf` or `ssh`.
    package init?(text: some StringProtocol) {
        for word in text.split(whereSeparator: \.isWhitespace) where word.hasPrefix(Self.prefix) {
            let digits = word.dropFirst(Self.prefix.count).prefix { $0 != "=" && $0 != "." }
            guard digits.utf8.count == 43, let digest = Base64.decode(digits.utf8, limit: 33), digest.count == 32
            else { continue }
            self.init(digest: digest)
            return
        }
        return nil
    }

    /// - Parameter digest: 32 bytes.
    init(digest: some Collection<UInt8>) { description = Self.prefix + Base64.encode(digest) }
}
