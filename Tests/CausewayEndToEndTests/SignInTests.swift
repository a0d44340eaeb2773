import CausewayCore
import CausewayTestKit
import Glibc
import Testing

/// Who may sign in, and to whom: each refusal has its reason and costs nothing that was there.
@Suite struct SignInTests {
    @Test(.enabled(if: TestUser.isPossible))
    func wrongPassword() async throws {
        let site = try Site()
        let user = try TestUser(password: "the right one")
        let rows = try site.write("a.csv", 0..<50)
        let right = try site.files.write("right", "the right one\n")
        let wrong = try site.files.write("wrong", "a wrong one")
        func signIn(_ file: String) -> [String] {
            ["--sign-in", "password", "--set", "username=\(user.name)", "--secret-file", "password=\(file)"]
        }
        let daemon = try await DaemonFixture()

        let refused = try await daemon.causeway(site.flags(signIn: signIn(wrong)))
        #expect(refused.status == 77)
        #expect(refused.reason == "SIGN_IN_REFUSED")
        #expect(try await daemon.causeway("list", "-o", "json").json["connections"].elements.isEmpty)

        #expect(try await daemon.causeway(site.flags(signIn: signIn(right))).status == 0)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)

        // The password changes on the server: the run fails, and nobody locks the account by trying on.
        try Command.run(["chpasswd"], input: "\(user.name):another one\n")
        let failed = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(failed.status == 4)
        #expect(failed.json["state"].text == "FAILED")
        #expect(failed.reason == "SIGN_IN_REFUSED")
        let held = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(held.status == 78)
        #expect(held.reason == "NEEDS_RECONNECT")

        let another = try site.files.write("another", "another one")
        let stillWrong = try await daemon.causeway(
            "reconnect", "crm", "--no-input", "--secret-file", "password=\(wrong)", "-o", "json")
        #expect(stillWrong.reason == "SIGN_IN_REFUSED")
        #expect(
            try await daemon.causeway("reconnect", "crm", "--no-input", "--secret-file", "password=\(another)").status
                == 0)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        #expect(try await daemon.export() == Site.header + rows)
    }

    @Test func unknownHostKey() async throws {
        let site = try Site()
        let daemon = try await DaemonFixture()
        var flags = site.flags()
        if let place = flags.firstIndex(of: "--accept-host-key") { flags.removeSubrange(place...place + 1) }
        let answer = try await daemon.causeway(flags)
        #expect(answer.status == 78)
        #expect(answer.reason == "HOST_KEY_UNKNOWN")
        #expect(answer.error["metadata"]["fingerprint"].text == site.fingerprint)
        #expect(answer.error["message"].text?.contains(site.fingerprint) == true)
        #expect(try await daemon.causeway("show", "crm").status == 66)
        // Nothing was tried before the key was trusted.
        #expect(!site.server.takeLog().contains("Accepted"))
    }

    @Test func changedHostKey() async throws {
        let site = try Site()
        let rows = try site.write("a.csv", 0..<50)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        let other = try SSHServerFixture()
        let shown = try #require(other.fingerprints["ed25519"])
        site.proxy.retarget(other.port)

        let failed = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(failed.status == 4)
        #expect(failed.reason == "HOST_KEY_CHANGED")
        let message = failed.error["message"].text ?? ""
        #expect(message.contains(site.fingerprint) && message.contains(shown))
        #expect(failed.json["counters"]["rowsRead"].integer == 0)
        #expect(!other.takeLog().contains("Accepted"))
        #expect(try await daemon.causeway("show", "crm", "-o", "json").json["status"]["state"].text != "ACTIVE")

        // Back at the host that is trusted, somebody says that it is the one.
        site.proxy.retarget(site.server.port)
        let trusted = try await daemon.causeway(
            "reconnect", "crm", "--no-input", "--accept-host-key", site.fingerprint, "-o", "json")
        #expect(trusted.status == 0)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        #expect(try await daemon.export() == Site.header + rows)
    }

    @Test func missingFolder() async throws {
        let site = try Site()
        let daemon = try await DaemonFixture()
        rmdir(site.folder)
        let refused = try await daemon.causeway(site.flags())
        #expect(refused.status == 66)
        #expect(refused.reason == "FILE_NOT_FOUND")
        #expect(refused.error["message"].text?.contains(site.folder) == true)

        #expect(try await daemon.causeway(site.flags() + ["--skip-test"]).status == 0)
        let failed = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(failed.status == 4)
        #expect(failed.reason == "FILE_NOT_FOUND")

        // The folder comes: nothing has to be done here.
        try site.files.makeFolder("in")
        let rows = try site.write("a.csv", 0..<50)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        #expect(try await daemon.export() == Site.header + rows)
    }

    /// Root may read everything: another user signs in.
    @Test(.enabled(if: TestUser.isPossible))
    func fileWithoutPermission() async throws {
        let site = try Site()
        let user = try TestUser()
        let password = try site.files.write("password", user.password)
        let first = try site.write("a.csv", 0..<50, minutesOld: 60)
        let second = try site.write("b.csv", 50..<100, minutesOld: 50)
        let third = try site.write("c.csv", 100..<150, minutesOld: 40)
        chmod(site.files["in/b.csv"], 0o600)
        let daemon = try await DaemonFixture()
        let signIn = [
            "--sign-in", "password", "--set", "username=\(user.name)", "--secret-file", "password=\(password)",
        ]
        #expect(try await daemon.causeway(site.flags(signIn: signIn)).status == 0)

        let partial = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(partial.status == 3)
        #expect(partial.json["state"].text == "PARTIAL")
        #expect(partial.reason == "FILE_PERMISSION_DENIED")
        #expect(partial.json["counters"]["filesFailed"].integer == 1)
        #expect(partial.json["counters"]["filesRead"].integer == 2)
        #expect(partial.error["message"].text?.contains("b.csv") == true)
        #expect(try await daemon.export() == Site.header + first + third)

        chmod(site.files["in/b.csv"], 0o644)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        #expect(try await daemon.export() == Site.header + first + third + second)
    }
}
