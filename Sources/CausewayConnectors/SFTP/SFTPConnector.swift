package import CausewayConnectorKit
package import CausewayCore
import CausewayTransport

/// Files from a folder of an SFTP server.
package struct SFTPConnector: Connector {
    package init() {}

    package var spec: IntegrationSpec { .sftp }

    package func validate(_ configuration: ConnectorConfiguration) throws(CausewayError) {
        var findings = Findings()
        _ = target(of: configuration, &findings)
        for entity in configuration.entities {
            findings.violations += FileEntitySettings.violations(
                in: entity.settings, path: "connection.entities[\(entity.entity)].settings")
        }
        try findings.end()
    }

    package func makeFileSource(_ configuration: ConnectorConfiguration) throws(CausewayError) -> any FileSource {
        var findings = Findings()
        let target = target(of: configuration, &findings)
        try findings.end()
        return SFTPFileSource(target)
    }

    private func target(of configuration: ConnectorConfiguration, _ findings: inout Findings) -> SSHTarget {
        let settings = configuration.settings
        let host = settings.text(SFTPSetting.host) ?? ""
        if host.isEmpty || host.contains(where: { $0.isWhitespace || $0 == "/" || $0 == "@" }) {
            findings.add(
                "connection.settings.host", "\"\(host)\" is not a name or an address; leave out user and folder.")
        }
        return SSHTarget(
            host: host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host,
            port: UInt16(clamping: settings.integer(SFTPSetting.port) ?? 22),
            username: settings.text(SFTPSetting.username) ?? "",
            signIn: signIn(of: configuration, &findings),
            trustedHostKeys: fingerprints(settings, &findings),
            connectTimeout: settings.duration(SFTPSetting.connectTimeout) ?? .seconds(15),
            operationTimeout: settings.duration(SFTPSetting.operationTimeout) ?? .seconds(60),
            keepAlive: settings.duration(SFTPSetting.keepAlive) ?? .seconds(30))
    }

    private func signIn(of configuration: ConnectorConfiguration, _ findings: inout Findings) -> SSHSignIn {
        let credentials = configuration.credentials
        let password = credentials[SFTPSetting.password] ?? Secret("")
        let key = credentials[SFTPSetting.privateKey] ?? Secret("")
        let passphrase = credentials[SFTPSetting.passphrase]
        switch SFTPSignIn(rawValue: configuration.signInMethod) {
        case .key:
            check(key, passphrase, &findings)
            return .key(key, passphrase: passphrase)
        case .keyAndPassword:
            check(key, passphrase, &findings)
            return .keyAndPassword(key, passphrase: passphrase, password: password)
        case .keyboardInteractive: return .keyboardInteractive(password)
        case .password: return .password(password)
        case nil:
            findings.add("connection.sign_in_method", "\"\(configuration.signInMethod)\" is not known.")
            return .password(password)
        }
    }

    private func check(_ key: Secret, _ passphrase: Secret?, _ findings: inout Findings) {
        do {
            try PrivateKeyForm(key).check(hasPassphrase: passphrase?.isEmpty == false)
        } catch {
            let name = error.reason == "PASSPHRASE_REQUIRED" ? SFTPSetting.passphrase : SFTPSetting.privateKey
            findings.add("credentials.\(name)", error.message)
        }
    }

    private func fingerprints(_ settings: Settings, _ findings: inout Findings) -> [HostKeyFingerprint] {
        var fingerprints: [HostKeyFingerprint] = []
        for text in settings.texts(SFTPSetting.hostKeyFingerprint) ?? [] where !text.isEmpty {
            if let fingerprint = HostKeyFingerprint(text: text) {
                fingerprints.append(fingerprint)
            } else {
                findings.add(
                    "connection.settings.\(SFTPSetting.hostKeyFingerprint)",
                    "\"\(text)\" is not \"SHA256:\" and 43 characters, as \"ssh-keygen -lf\" shows.")
            }
        }
        return fingerprints
    }
}
