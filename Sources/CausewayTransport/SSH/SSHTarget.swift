package import CausewayCore

/// Where an SSH session goes to, whom it trusts there, and as whom it signs in.
package struct SSHTarget: Sendable {
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    package var host: String
    package var port: UInt16
    package var username: String
    package var signIn: SSHSignIn
    /// The host keys that are accepted; with none every host is unknown.
    package var trustedHostKeys: [HostKeyFingerprint]
    /// For the name, the connection, and the exchange of keys together.
    package var connectTimeout: Duration
    /// How long one call may go without a byte from the other side.
    package var operationTimeout: Duration
    /// How often an idle session says that it is there; zero for never.
    package var keepAlive: Duration

    package init(
        host: String, port: UInt16 = 22, username: String, signIn: SSHSignIn,
        trustedHostKeys: [HostKeyFingerprint], connectTimeout: Duration = .seconds(15),
        operationTimeout: Duration = .seconds(60), keepAlive: Duration = .seconds(30)
    ) {
        self.host = host
        self.port = port
        self.username = username
        self.signIn = signIn
        self.trustedHostKeys = trustedHostKeys
        self.connectTimeout = connectTimeout
        self.operationTimeout = operationTimeout
        self.keepAlive = keepAlive
    }

    /// "files.example.com:22", "[::1]:22".
    package var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// How to sign in.
package enum SSHSignIn: Sendable {
    /// By the method "password", or by "keyboard-interactive" where the server offers only that.
    case password(Secret)
    /// - passphrase: nil for a key that is not encrypted.
    case key(Secret, passphrase: Secret?)
    /// Both, one after the other, for servers that ask for two factors.
    case keyAndPassword(Secret, passphrase: Secret?, password: Secret)
    /// Every question that is not to be echoed is answered with the password.
    case keyboardInteractive(Secret)

    var key: (bytes: Secret, passphrase: Secret?)? {
        switch self {
        case .key(let key, let passphrase), .keyAndPassword(let key, let passphrase, _): (key, passphrase)
        case .password, .keyboardInteractive: nil
        }
    }
}

/// A step of opening a session that was passed.
package struct SSHStep: Hashable, Sendable {
    /// "connect", "host key", "sign in".
    package var title: String
    package var detail: String
}
