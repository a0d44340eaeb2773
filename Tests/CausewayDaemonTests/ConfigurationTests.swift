import CausewayCore
import Glibc
import Logging
import Testing

@testable import CausewayDaemon

@Suite struct ConfigurationTests {
    private func loader(_ environment: [String: String] = [:], uid: UInt32 = 1_000) -> ConfigurationLoader {
        ConfigurationLoader(environment: ["HOME": "/nonexistent"].merging(environment) { $1 }, uid: uid, processors: 8)
    }

    @Test func defaultsOfAUser() throws {
        let loaded = try loader(["XDG_RUNTIME_DIR": "/run/user/1000"]).load()
        let configuration = loaded.configuration
        #expect(configuration.stateDirectory == "/nonexistent/.local/state/causeway")
        #expect(configuration.storePath == "/nonexistent/.local/state/causeway/store")
        #expect(configuration.masterKeyPath == "/nonexistent/.local/state/causeway/master-key")
        #expect(configuration.socket == "/run/user/1000/causeway/causeway.sock")
        #expect(configuration.socketMode == 0o600 && configuration.workThreads == 8)
        #expect(configuration.logLevel == .info && configuration.logFormat == .text)
        #expect(configuration.admins.uids.isEmpty && configuration.operators.gids.isEmpty)
        #expect(loaded.file == nil && loaded.source(of: "socket") == .standard)
    }

    @Test(
        "default places",
        arguments: [
            (
                ["STATE_DIRECTORY": "/var/lib/causeway:/other", "RUNTIME_DIRECTORY": "/run/causeway"], 998,
                ["/etc/causeway/causewayd.conf", "/var/lib/causeway", "/run/causeway/causeway.sock"]
            ),
            (
                ["XDG_RUNTIME_DIR": "/run/user/0"], 0,
                ["/etc/causeway/causewayd.conf", "/var/lib/causeway", "/run/causeway/causeway.sock"]
            ),
            (
                ["HOME": "/home/a", "XDG_STATE_HOME": "/s", "XDG_CONFIG_HOME": "/c"], 1_000,
                ["/c/causeway/causewayd.conf", "/s/causeway", "/s/causeway/causeway.sock"]
            ),
            (
                ["HOME": "/home/a", "XDG_STATE_HOME": "relative"], 1_000,
                [
                    "/home/a/.config/causeway/causewayd.conf", "/home/a/.local/state/causeway",
                    "/home/a/.local/state/causeway/causeway.sock",
                ]
            ),
            (
                ["CONFIGURATION_DIRECTORY": "/etc/c", "STATE_DIRECTORY": "/s"], 998,
                ["/etc/c/causewayd.conf", "/s", "/run/causeway/causeway.sock"]
            ),
        ] as [([String: String], UInt32, [String])])
    func defaultPlaces(environment: [String: String], uid: UInt32, expected: [String]) {
        let paths = DefaultPaths(environment: environment, uid: uid)
        #expect([paths.configurationFile, paths.stateDirectory, paths.socket] == expected)
    }

    @Test func flagsGoBeforeTheEnvironmentAndThatBeforeTheFile() throws {
        try withFile("run_permits = 3\nwork_threads = 4\nlog_level=debug\n") { path in
            let loaded = try loader(["CAUSEWAY_WORK_THREADS": "5", "CAUSEWAY_LOG_LEVEL": "error"])
                .load(file: path, flags: ["log_level": "trace"])
            #expect(loaded.configuration.runPermits == 3)
            #expect(loaded.configuration.workThreads == 5)
            #expect(loaded.configuration.logLevel == .trace)
            #expect(loaded.source(of: "run_permits") == .file)
            #expect(loaded.source(of: "work_threads") == .environment)
            #expect(loaded.source(of: "log_level") == .flag)
        }
    }

    @Test func everySettingCanBeSet() throws {
        let text = """
            # A comment.
            state_directory = /srv/causeway/
            socket = "/run/c.sock"
            socket_mode = 0660
            \tmaster_key_file=/etc/key\t
            log_level = warning
            log_format = json

            run_permits = 7
            work_threads = 9
            stall_timeout = 1h30m
            low_water_bytes = 512MiB
            low_water_percent = 0
            admins = uid:5
            operators = gid:6, uid:7
            viewers = user:root group:root\r
            """
        try withFile(text) { path in
            let configuration = try loader(["CAUSEWAY_CONFIG": path]).load().configuration
            #expect(configuration.stateDirectory == "/srv/causeway")
            #expect(configuration.socket == "/run/c.sock" && configuration.socketMode == 0o660)
            #expect(configuration.masterKeyFile == "/etc/key")
            #expect(configuration.logLevel == .warning && configuration.logFormat == .json)
            #expect(configuration.runPermits == 7 && configuration.workThreads == 9)
            #expect(configuration.stallTimeout == .seconds(5_400))
            #expect(configuration.lowWaterBytes == 512 << 20 && configuration.lowWaterPercent == 0)
            #expect(configuration.admins == Principals(uids: [5]))
            #expect(configuration.operators == Principals(uids: [7], gids: [6]))
            #expect(configuration.viewers == Principals(uids: [0], gids: [0]))
        }
    }

    @Test func whatIsPrintedLoadsAsTheSame() throws {
        let loaded = try loader([
            "CAUSEWAY_OPERATORS": "gid:6, uid:7", "CAUSEWAY_STALL_TIMEOUT": "90s", "CAUSEWAY_LOW_WATER_BYTES": "1500",
            "CAUSEWAY_STATE_DIRECTORY": "/with space/#é",
        ]).load()
        try withFile(loaded.text) { path in
            let again = try loader().load(file: path)
            #expect(again.configuration == loaded.configuration)
        }
        for key in ConfigurationKey.all { #expect(loaded.text.contains("\n\(key.name) = ")) }
    }

    @Test(
        "wrong lines are named",
        arguments: [
            ("run_permits = 3\nrun_permit = 4\n", ":2: \"run_permit\" is not a setting"),
            ("run_permits = 3\n\n run_permits = 4", ":3: run_permits is set on line 1 already"),
            ("run_permits\n", ":1: \"run_permits\" does not have the form key = value"),
            ("[section]", ":1: \"[section]\" does not have the form"), (" = 3", ":1: \"\" is not a setting"),
            ("socket = \"/run/x", ":1: the quotes of socket are not closed"), ("socket = \"", ":1: the quotes"),
            ("socket = /run/\u{1B}[31m", ":1: the value of socket has control characters"),
            ("run_permits = 65", ":1: run_permits must be a whole number from 1 to 64"),
            ("run_permits = 0", "must be"), ("run_permits = +3", "must be"), ("run_permits = 3 # three", "must be"),
            ("work_threads = 99999999999999999999", "must be"), ("socket = run/x", "must be an absolute path"),
            ("socket = /\(String(repeating: "x", count: 107))", "must have 107 bytes at most"),
            ("socket_mode = 0644", "must be 0600, 0660 or 0666"), ("socket_mode = 0770", "must be"),
            ("log_level = loud", "must be one of trace, debug"), ("log_format = xml", "must be one of text, json"),
            ("stall_timeout = 0s", "must be a duration"), ("stall_timeout = 8d", "must be a duration"),
            ("low_water_bytes = 1GB", "must be a number of bytes"), ("low_water_bytes = 99999999TiB", "must be"),
            ("low_water_percent = 51", "must be"), ("admins = root", "must list uid:N"),
            ("admins = uid:4294967295", "must be"), ("admins = user:nobody-of-that-name", "not known here"),
            ("viewers = group:no-such-group", "not known here"), ("viewers = shell:bash", "must list uid:N"),
        ])
    func wrongLines(text: String, expected: String) throws {
        try withFile(text) { path in
            let error = #expect(throws: CausewayError.self) { try loader().load(file: path) }
            #expect(error?.reason == "CONFIGURATION_INVALID")
            #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
            #expect(error?.message.hasPrefix(path) == true)
        }
    }

    @Test func wrongVariablesAndFlagsAreNamed() {
        let variable = #expect(throws: CausewayError.self) { try loader(["CAUSEWAY_RUN_PERMITS": "many"]).load() }
        #expect(variable?.message.hasPrefix("CAUSEWAY_RUN_PERMITS must be") == true)
        let flag = #expect(throws: CausewayError.self) { try loader().load(flags: ["run_permits": "-1"]) }
        #expect(flag?.message.hasPrefix("--run-permits must be") == true)
    }

    @Test func aFileThatIsNamedMustBeThereAndSafe() throws {
        #expect(throws: CausewayError.self) { try loader().load(file: "/nonexistent/causewayd.conf") }
        #expect(throws: CausewayError.self) { try loader(["CAUSEWAY_CONFIG": "/nonexistent/x"]).load() }
        #expect(throws: CausewayError.self) { try loader().load(file: "/tmp") }
        #expect(throws: CausewayError.self) { try loader().load(file: "/dev/zero") }
        try withFile("") { path in
            chmod(path, 0o606)
            #expect(throws: CausewayError.self) { try loader().load(file: path) }
        }
        try withFile([UInt8](repeating: 0x23, count: (1 << 20) + 1)) { path in
            #expect(throws: CausewayError.self) { try loader().load(file: path) }
        }
        try withFile([0x23, 0xFF, 0x0A]) { path in
            #expect(throws: CausewayError.self) { try loader().load(file: path) }
        }
    }

    @Test func misspeltVariablesAreTold() throws {
        let loaded = try loader([
            "CAUSEWAY_RUNPERMITS": "3", "CAUSEWAY_MASTER_KEY": "canary", "CAUSEWAY_SOCKET": "/run/x", "OTHER": "1",
        ]).load()
        #expect(loaded.unknownVariables == ["CAUSEWAY_RUNPERMITS"])
        #expect(!loaded.text.contains("canary"))
    }
}

/// Calls `body` with the path of a file with this content.
func withFile(_ text: String, _ body: (String) throws -> Void) throws { try withFile(Array(text.utf8), body) }

func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
    var template = Array("/tmp/causewayd-test-XXXXXX".utf8CString)
    let descriptor = template.withUnsafeMutableBufferPointer { $0.baseAddress.map { mkstemp($0) } ?? -1 }
    let path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    try #require(descriptor >= 0)
    defer { unlink(path) }
    #expect(bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
    close(descriptor)
    try body(path)
}
