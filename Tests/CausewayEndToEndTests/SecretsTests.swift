import CausewayCore
import CausewayTestKit
import Glibc
import Testing

/// Secrets go in and come out nowhere but on the wire to the other system.
@Suite struct SecretsTests {
    /// Where a secret may turn up: everything that is written and shown.
    private func places(_ daemon: DaemonFixture) -> [(name: String, bytes: [UInt8])] {
        var places: [(String, [UInt8])] = []
        for process in ["/proc/\(daemon.pid)/cmdline", "/proc/\(daemon.pid)/environ"] {
            places.append((process, contents(process)))
        }
        for folder in [daemon.scratch.path, daemon.storePath, "\(daemon.storePath)/data"] {
            for name in (try? Command.run(["ls", "-1", folder]))?.split(separator: "\n") ?? [] {
                // What a command was given on its standard input is the test's own.
                if !name.hasSuffix(".in") { places.append(("\(folder)/\(name)", contents("\(folder)/\(name)"))) }
            }
        }
        for name in (try? Command.run(["find", daemon.scratch["copy"], "-type", "f"]))?.split(separator: "\n") ?? [] {
            places.append((String(name), contents(String(name))))
        }
        return places
    }

    private func contents(_ path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }

    private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard let first = wanted.first else { return true }
        return bytes.withUnsafeBytes { bytes in
            var place = 0
            while place + wanted.count <= bytes.count, let start = bytes.baseAddress {
                let room = bytes.count - wanted.count - place + 1
                guard let hit = memchr(start + place, Int32(first), room) else { return false }
                if memcmp(hit, wanted, wanted.count) == 0 { return true }
                place = UnsafeRawPointer(hit) - start + 1
            }
            return false
        }
    }

    @Test(.enabled(if: TestUser.isPossible))
    func appearNowhere() async throws {
        let site = try Site()
        let rows = try site.write("a.csv", 0..<50)
        let nonce = String(UInt64.random(in: 0 ... .max), radix: 36)
        let password = "canary-password-\(nonce)"
        let wrongPassword = "canary-wrong-\(nonce)"
        let passphrase = "canary-passphrase-\(nonce)"
        let user = try TestUser(password: password)
        let passwordFile = try site.files.write("password", password, mode: 0o600)
        let key = try site.server.makeKey(passphrase: passphrase)
        let keyFile = try site.files.write("locked", key, mode: 0o600)
        let daemon = try await DaemonFixture(["--log-level", "trace"])
        let root = ["--sign-in", "key", "--set", "username=\(SSHServerFixture.ownName)"]

        // Connecting, by each way that a secret can be given; failing, too.
        let byFile = root + ["--secret-file", "private_key=\(keyFile)", "--secret-stdin", "passphrase"]
        #expect(try await daemon.causeway(site.flags(signIn: byFile), input: passphrase).status == 0)
        #expect(try await daemon.causeway(site.flags("bad-phrase", signIn: byFile), input: wrongPassword).status != 0)
        let byPassword = ["--sign-in", "password", "--set", "username=\(user.name)"]
        let wrong = site.flags("bad-password", signIn: byPassword + ["--secret-env", "password=CANARY"])
        #expect(try await daemon.causeway(wrong, environment: ["CANARY": wrongPassword]).status == 77)
        let skipped = site.flags("kept-wrong", signIn: byPassword + ["--secret-env", "password=CANARY", "--skip-test"])
        #expect(try await daemon.causeway(skipped, environment: ["CANARY": wrongPassword]).status == 0)
        #expect(try await daemon.causeway("fetch", "kept-wrong").status == 4)
        let mistaken = site.flags("mistaken", signIn: byPassword + ["--secret-file", "private_key=\(keyFile)"])
        #expect(try await daemon.causeway(mistaken).status != 0)

        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        #expect(
            try await daemon.causeway(
                "reconnect", "crm", "--no-input", "--sign-in", "password", "--set", "username=\(user.name)",
                "--secret-file", "password=\(passwordFile)"
            ).status == 0)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        #expect(try await daemon.causeway("test", "crm").status == 0)
        #expect(try await daemon.export() == Site.header + rows)

        for command in [
            ["show", "crm", "--json"], ["show", "crm", "-o", "json"], ["list", "-o", "json"],
            ["run", "log", "crm", "1", "--level", "debug"], ["run", "log", "kept-wrong", "--level", "debug"],
            ["admin", "actors", "-o", "json"], ["admin", "version", "-o", "json"],
        ] {
            #expect(try await daemon.causeway(command).status == 0, "\(command)")
        }
        let document = try await daemon.causeway("show", "crm", "--json").output
        #expect(try await daemon.causeway(["apply", "-f", "-"], input: document).status == 0)
        try daemon.scratch.makeFolder("copy", mode: 0o700)
        #expect(try await daemon.causeway("admin", "backup", daemon.scratch["copy/store"]).status == 0)

        // Lines of the key but for its frame; the first and last ones are like any other key's.
        let keyLines = key.split(separator: "\n").map(String.init).filter { $0.count > 40 && !$0.hasPrefix("-") }
        #expect(!keyLines.isEmpty)
        let canaries = [password, wrongPassword, passphrase] + keyLines.dropFirst()
        // The search finds what is there.
        #expect(contains(contents(keyFile), try #require(keyLines.last)))
        let searched = places(daemon)
        #expect(searched.contains { $0.name.hasSuffix("data.mdb") && $0.bytes.count > 4_096 })
        #expect(searched.contains { $0.name.hasSuffix("daemon.err") && !$0.bytes.isEmpty })
        #expect(searched.contains { $0.name.contains("/copy/") && $0.bytes.count > 4_096 })
        for place in searched {
            for canary in canaries { #expect(!contains(place.bytes, canary), "a secret is in \(place.name)") }
        }
    }
}
