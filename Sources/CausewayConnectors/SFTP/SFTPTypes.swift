import CausewayConnectorKit
import CausewayCore

/// Names of what an SFTP connection is set up by.
enum SFTPSetting {
    static let host = "host"
    static let port = "port"
    static let username = "username"
    static let hostKeyFingerprint = "host_key_fingerprint"
    static let connectTimeout = "connect_timeout"
    static let operationTimeout = "operation_timeout"
    static let keepAlive = "keep_alive"

    static let password = "password"
    static let privateKey = "private_key"
    static let passphrase = "passphrase"
}

/// The ways to sign in to an SFTP server.
enum SFTPSignIn: String, CaseIterable {
    case password
    case key
    case keyAndPassword = "key-and-password"
    case keyboardInteractive = "keyboard-interactive"
}

extension IntegrationSpec {
    /// What an SFTP connection asks for.
    static let sftp = IntegrationSpec(
        id: "sftp", title: "SFTP",
        description: "Fetches files from a folder of an SFTP server, and keeps their rows as records.",
        directions: [.inbound],
        signInMethods: [
            SignInMethod(id: SFTPSignIn.password.rawValue, title: "Password", settings: [username, password]),
            SignInMethod(
                id: SFTPSignIn.key.rawValue, title: "Private key", settings: [username, privateKey, passphrase]),
            SignInMethod(
                id: SFTPSignIn.keyAndPassword.rawValue, title: "Private key and password",
                settings: [username, privateKey, passphrase, password]),
            SignInMethod(
                id: SFTPSignIn.keyboardInteractive.rawValue, title: "Keyboard-interactive",
                settings: [username, password]),
        ],
        settings: connectionSettings,
        entitySettings: [folder] + FileEntitySettings.selection + FileEntitySettings.format
            + FileEntitySettings.afterwards,
        capabilities: [.discover, .resume, .postAction])

    // MARK: Sign-in

    private static let username = SettingSpec(
        SFTPSetting.username, label: "Username", .text, required: true, help: "The account on the server.")
    private static let password = SettingSpec(
        SFTPSetting.password, label: "Password", .text, required: true, secret: true,
        help: "The account's password; it answers keyboard-interactive questions as well.")
    private static let privateKey = SettingSpec(
        SFTPSetting.privateKey, label: "Private key", .text, required: true, secret: true,
        help: "The text of an OpenSSH or PEM key file. ed25519 and ecdsa keys work everywhere.")
    private static let passphrase = SettingSpec(
        SFTPSetting.passphrase, label: "Passphrase", .text, secret: true,
        help: "What the private key is encrypted with, if it is.")

    // MARK: Connection

    private static let connectionSettings = [
        SettingSpec(
            SFTPSetting.host, label: "Host", .text, required: true,
            help: "Name or address of the server, without \"sftp://\"."),
        SettingSpec(
            SFTPSetting.port, label: "Port", .integer(1...65_535), default: .integer(22), help: "Where its SSH listens."
        ),
        SettingSpec(
            SFTPSetting.hostKeyFingerprint, label: "Host key fingerprint", .textList,
            help:
                "SHA256:… of the server's host key as \"ssh-keygen -lf\" shows it; several while keys change. "
                + "Without it the server is unknown and nothing is sent to it."),
        SettingSpec(
            SFTPSetting.connectTimeout, label: "Connect timeout", .duration(.seconds(1)...(.seconds(300))),
            default: .text("15s"), help: "How long the server may take to be reached."),
        SettingSpec(
            SFTPSetting.operationTimeout, label: "Operation timeout", .duration(.seconds(1)...(.seconds(3_600))),
            default: .text("1m"), help: "How long the server may say nothing while something is asked of it."),
        SettingSpec(
            SFTPSetting.keepAlive, label: "Keep-alive", .duration(.zero...(.seconds(3_600))), default: .text("30s"),
            help: "How often an idle session says that it is there; 0 for never."),
    ]

    // MARK: Entities

    private static let folder = SettingSpec(
        FileEntitySettings.Name.folder, label: "Folder", .text, required: true,
        help: "Where the files are; a path that does not begin with \"/\" begins in the account's home.")
}
