import CausewayConnectorKit
import CausewayConnectors
import CausewayCore
import CausewayTestKit
import Testing

@Suite("The SFTP connector's settings")
struct SFTPSettingsTests {
    private let connector = SFTPConnector()

    private func violations(
        _ settings: Settings = [:], entity: Settings = [:], method: String = "password",
        credentials: [String: Secret] = ["password": Secret("x")]
    ) -> [String] {
        let outcome = Result { () throws(CausewayError) in
            let configuration = try connector.spec.checked(
                signInMethod: method,
                settings: ["host": .text("h"), "username": .text("u")].merging(settings) { $1 },
                entities: [EntitySettings(entity: "a", settings: ["folder": .text("/in")].merging(entity) { $1 })],
                credentials: credentials)
            try connector.validate(configuration)
            _ = try connector.makeFileSource(configuration)
        }
        guard case .failure(let error) = outcome else { return [] }
        #expect(error.code == .invalidArgument)
        return error.violations.map(\.field)
    }

    @Test("are taken with little more than a host, a user and a folder")
    func least() throws {
        #expect(violations() == [])
    }

    @Test("every one has help, every secret is one, and every default passes its own check")
    func spec() throws {
        let spec = connector.spec
        let all = spec.settings + spec.entitySettings + spec.signInMethods.flatMap(\.settings)
        for setting in all {
            #expect(!setting.help.isEmpty && !setting.label.isEmpty, "\(setting.name)")
            if let value = setting.defaultValue {
                #expect(try setting.checked(value, field: setting.name) == value, "\(setting.name)")
            }
        }
        #expect(Set(all.filter(\.isSecret).map(\.name)) == ["password", "private_key", "passphrase"])
        for settings in [spec.settings, spec.entitySettings] + spec.signInMethods.map(\.settings) {
            #expect(Set(settings.map(\.name)).count == settings.count)
        }
        #expect(ConnectorCatalogue.standard.specs.map(\.id).contains("sftp"))
    }

    @Test(
        "are refused where they cannot work",
        arguments: [
            (["host": "sftp://h"], [:], "connection.settings.host"),
            (["host": "u@h"], [:], "connection.settings.host"),
            (["host_key_fingerprint": "MD5:aa"], [:], "connection.settings.host_key_fingerprint"),
            (["host_key_fingerprint": "SHA256:short"], [:], "connection.settings.host_key_fingerprint"),
            ([:], ["pattern": "[x"], "connection.entities[a].settings.pattern"),
            ([:], ["post_action": "move"], "connection.entities[a].settings.archive_folder"),
            (
                [:], ["post_action": "move", "archive_folder": "/in/"],
                "connection.entities[a].settings.archive_folder"
            ),
            ([:], ["delimiter": "ab"], "connection.entities[a].settings.delimiter"),
            ([:], ["quote": "é"], "connection.entities[a].settings.quote"),
        ] as [([String: String], [String: String], String)])
    func wrong(_ settings: [String: String], _ entity: [String: String], _ field: String) throws {
        let found = violations(
            settings.mapValues { .text($0) }, entity: entity.mapValues { .text($0) })
        #expect(found == [field])
    }

    @Test("take fingerprints as the tools of OpenSSH print them")
    func fingerprints() throws {
        let digits = String(repeating: "A", count: 43)
        let lines = [
            "SHA256:\(digits)", "256 SHA256:\(digits) host (ED25519)", "SHA256:\(digits)=", "  SHA256:\(digits).",
        ]
        #expect(violations(["host_key_fingerprint": .texts(lines)]) == [])
    }

    @Test("tell keys that are none, without showing them")
    func keys() throws {
        let canary = "canary-key-text"
        #expect(violations(method: "key", credentials: ["private_key": Secret(canary)]) == ["credentials.private_key"])
        #expect(violations(method: "key", credentials: [:]) == ["credentials.private_key"])
        let encrypted = Secret("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
        #expect(violations(method: "key", credentials: ["private_key": encrypted]) == ["credentials.passphrase"])
        let error = #expect(throws: CausewayError.self) {
            _ = try connector.makeFileSource(
                ConnectorConfiguration(
                    signInMethod: "key", settings: ["host": .text("h")], entities: [],
                    credentials: ["private_key": Secret(canary)]))
        }
        #expect(error.map { "\($0) \($0.violations)" }?.contains(canary) == false)
    }
}
