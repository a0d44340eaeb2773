import CausewayConnectorKit
import CausewayCore
import Testing

@Suite("Settings against a spec")
struct SettingsTests {
    private let spec = IntegrationSpec(
        id: "test", title: "Test", description: "", directions: [.inbound],
        signInMethods: [
            SignInMethod(
                id: "password", title: "Password",
                settings: [
                    SettingSpec("username", label: "", .text, required: true, help: "Who."),
                    SettingSpec("password", label: "", .text, required: true, secret: true, help: "What."),
                ]),
            SignInMethod(
                id: "token", title: "Token",
                settings: [SettingSpec("token", label: "", .text, required: true, secret: true, help: "Which.")]),
        ],
        settings: [
            SettingSpec("host", label: "", .text, required: true, help: "Where."),
            SettingSpec("port", label: "", .integer(1...65_535), default: .integer(22), help: ""),
            SettingSpec("timeout", label: "", .duration(.seconds(1)...(.seconds(60))), default: .text("15s"), help: ""),
            SettingSpec("verify", label: "", .boolean, help: ""),
            SettingSpec("mode", label: "", .choice(["fast", "careful"]), help: ""),
            SettingSpec("pins", label: "", .textList, help: ""),
        ],
        entitySettings: [
            SettingSpec("folder", label: "", .text, required: true, help: "Where the files are."),
            SettingSpec("pattern", label: "", .text, default: .text("*.csv"), help: ""),
        ],
        capabilities: [])

    private func check(
        _ settings: Settings, method: String = "", entities: [EntitySettings]? = nil,
        credentials: [String: Secret] = ["password": Secret("x")]
    ) throws -> ConnectorConfiguration {
        let entities = entities ?? [EntitySettings(entity: "a", settings: ["folder": .text("/in")])]
        return try spec.checked(signInMethod: method, settings: settings, entities: entities, credentials: credentials)
    }

    private func violations(
        _ settings: Settings, method: String = "", entities: [EntitySettings]? = nil,
        credentials: [String: Secret] = ["password": Secret("x")]
    ) -> [String: String] {
        let error = #expect(throws: CausewayError.self) {
            _ = try check(settings, method: method, entities: entities, credentials: credentials)
        }
        #expect(error?.code == .invalidArgument)
        return Dictionary((error?.violations ?? []).map { ($0.field, $0.description) }, uniquingKeysWith: { $0 + $1 })
    }

    private let good: Settings = ["host": .text("h"), "username": .text("u")]

    @Test("fill in the defaults of all levels, and take the first sign-in method for none")
    func defaults() throws {
        let configuration = try check(good)
        #expect(configuration.signInMethod == "password")
        #expect(
            configuration.settings == [
                "host": .text("h"), "username": .text("u"), "port": .integer(22), "timeout": .text("15s"),
            ])
        #expect(
            configuration.entities == [
                EntitySettings(entity: "a", settings: ["folder": .text("/in"), "pattern": .text("*.csv")])
            ])
    }

    @Test("are read from text by their kind and kept in one form")
    func forms() throws {
        let settings: Settings = [
            "host": .text("h"), "username": .text("u"), "port": .text("2222"), "timeout": .integer(30),
            "verify": .text("Yes"), "mode": .text("careful"), "pins": .text("a, b\\,c ,d"),
        ]
        let checked = try check(settings).settings
        #expect(checked["port"] == .integer(2_222))
        #expect(checked["timeout"] == .text("30s"))
        #expect(checked["verify"] == .boolean(true))
        #expect(checked["pins"] == .texts(["a", "b,c", "d"]))
        #expect(try check(checked).settings == checked)
        #expect(try check(good.merging(["timeout": .text("60s")]) { $1 }).settings["timeout"] == .text("1m"))
    }

    @Test("are told all that is wrong at once, by its path")
    func everythingWrong() {
        let found = violations(
            [
                "hosst": .text("h"), "port": .integer(0), "timeout": .text("2m"), "verify": .text("maybe"),
                "mode": .text("carefull"), "pins": .integer(1), "username": .text("  "), "password": .text("p"),
                "token": .text("t"),
            ],
            entities: [
                EntitySettings(entity: "customers", settings: ["foldr": .text("/in")]),
                EntitySettings(entity: "Bad Name", settings: ["folder": .text("/in")]),
                EntitySettings(entity: "customers", settings: ["folder": .text("/in")]),
            ],
            credentials: ["pasword": Secret("x")])
        #expect(found["connection.settings.hosst"] == "is not known. Did you mean \"host\"?")
        #expect(found["connection.settings.host"] == "is required: Where.")
        #expect(found["connection.settings.port"] == "0 is not from 1 to 65535.")
        #expect(found["connection.settings.timeout"] == "2m is not from 1s to 1m.")
        #expect(found["connection.settings.verify"] == "\"maybe\" is neither true nor false.")
        #expect(found["connection.settings.mode"]?.contains("Did you mean \"careful\"?") == true)
        #expect(found["connection.settings.pins"] == "must be a list of texts.")
        #expect(found["connection.settings.username"] == "must not be empty.")
        #expect(found["connection.settings.password"]?.contains("is a secret") == true)
        #expect(found["connection.settings.token"]?.contains("is a secret") == true)
        #expect(found["connection.entities[customers].settings.foldr"]?.contains("\"folder\"") == true)
        #expect(found["connection.entities[customers].settings.folder"] == "is required: Where the files are.")
        #expect(found["connection.entities[Bad Name]"] != nil)
        #expect(found["connection.entities[customers]"] == "is given twice.")
        #expect(found["credentials.password"] == "is required to sign in by Password.")
        #expect(found["credentials.pasword"] == "is not known. Did you mean \"password\"?")
    }

    @Test("know those of other sign-in methods, and which there are")
    func signInMethods() throws {
        let found = violations(good, method: "token", credentials: ["token": Secret("t")])
        #expect(found == ["connection.settings.username": "does not belong to this sign-in method."])
        #expect(
            violations(good, method: "pasword")["connection.sign_in_method"]?.contains("Did you mean \"password\"?")
                == true)
        // Credentials of a method that is not in use may stay; they are not handed on.
        let both = try check(
            ["host": .text("h")], method: "token", credentials: ["token": Secret("t"), "password": Secret("p")])
        #expect(Array(both.credentials.keys) == ["token"])
        #expect(violations(good, entities: []) == ["connection.entities": "needs at least one entity."])
    }

    @Test("are read from a command line, secrets excepted")
    func assignments() throws {
        let specs = spec.settings + spec.signInMethods.flatMap(\.settings)
        let port = try IntegrationSpec.parse(assignment: "port=2222", against: specs, at: "settings")
        #expect(port.name == "port")
        #expect(port.value == .integer(2_222))
        let host = try IntegrationSpec.parse(assignment: "host=a=b", against: specs, at: "settings")
        #expect(host.value == .text("a=b"))
        for text in ["password=canary", "nonsense", "=x", "prot=1", "port=x"] {
            let error = #expect(throws: CausewayError.self) {
                _ = try IntegrationSpec.parse(assignment: text, against: specs, at: "settings")
            }
            #expect(error?.code == .invalidArgument)
            #expect(error.map { "\($0)" }?.contains("canary") == false)
        }
    }
}
