import CausewayCore
import CausewayTestKit
import CausewayTransport
import Testing

@Suite("Signing in to OpenSSH", .enabled(if: SSHServerFixture.isPossible), .timeLimit(.minutes(2)))
struct SignInTests {
    @Test(
        "by key of every form",
        arguments: [
            ("ed25519", "", false), ("ed25519", "open sesame", false), ("ecdsa", "", false), ("ecdsa", "", true),
            ("ecdsa", "open sesame", false), ("ecdsa", "open sesame", true),
        ])
    func key(_ type: String, _ passphrase: String, _ isPEM: Bool) async throws {
        let fixture = try SFTPFixture()
        let key = Secret(try fixture.server.makeKey(type, passphrase: passphrase, isPEM: isPEM))
        let phrase = passphrase.isEmpty ? nil : Secret(passphrase)
        #expect(await fixture.failure(fixture.target(signIn: .key(key, passphrase: phrase))) == nil)
    }

    @Test("reports its steps in order, without anything secret")
    func steps() async throws {
        let fixture = try SFTPFixture()
        let steps = Steps()
        let session = try await SFTPSession.open(fixture.target()) { steps.add($0) }
        await session.close()
        #expect(steps.all.map(\.title) == ["connect", "host key", "sign in"])
        #expect(steps.all.allSatisfy { !$0.detail.contains("PRIVATE") })
        #expect(steps.all.first?.detail.contains("OpenSSH") == true)
    }

    @Test("refuses a key that the server does not know")
    func unknownKey() async throws {
        let fixture = try SFTPFixture()
        let key = Secret(try fixture.server.makeKey(isAuthorized: false))
        let error = await fixture.failure(fixture.target(signIn: .key(key, passphrase: nil)))
        #expect(error?.code == .unauthenticated)
        #expect(error?.reason == "SIGN_IN_REFUSED")
        #expect(error?.retry == RetryAdvice.never)
    }

    @Test("tells a wrong passphrase from a wrong key", arguments: ["ed25519", "ecdsa"], [false, true])
    func wrongPassphrase(_ type: String, _ isPEM: Bool) async throws {
        let fixture = try SFTPFixture()
        let key = Secret(try fixture.server.makeKey(type, passphrase: "right", isPEM: isPEM && type != "ed25519"))
        let wrong = await fixture.failure(fixture.target(signIn: .key(key, passphrase: Secret("canary-wrong"))))
        #expect(wrong?.code == .unauthenticated)
        #expect(wrong?.reason == "PASSPHRASE_WRONG", "\(wrong?.description ?? "")")
        #expect(wrong.map { "\($0) \($0.metadata)" }?.contains("canary-wrong") == false)
        let missing = await fixture.failure(fixture.target(signIn: .key(key, passphrase: nil)))
        #expect(missing?.reason == "PASSPHRASE_REQUIRED")
    }

    @Test("says what to do with a key that is none", arguments: ["", "garbage\n", "ssh-ed25519 AAAA me\n"])
    func noKey(_ text: String) async throws {
        let fixture = try SFTPFixture()
        let error = await fixture.failure(fixture.target(signIn: .key(Secret(text), passphrase: nil)))
        #expect(error?.code == .unauthenticated)
        #expect(error?.reason == "PRIVATE_KEY_FORMAT")
    }

    @Test("says what is wrong with a damaged key")
    func damagedKey() async throws {
        let fixture = try SFTPFixture()
        let text = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
        let error = await fixture.failure(fixture.target(signIn: .key(Secret(text), passphrase: nil)))
        #expect(error?.code == .unauthenticated)
        #expect(error?.reason == "PRIVATE_KEY_UNREADABLE", "\(error?.description ?? "")")
    }

    @Test(
        "explains that RSA keys need a newer libssh2", .enabled(if: !LibraryVersions.hasRSAWithSHA2),
        arguments: [false, true])
    func rsaKey(_ isPEM: Bool) async throws {
        let fixture = try SFTPFixture()
        let key = Secret(try fixture.server.makeKey("rsa", isPEM: isPEM))
        let error = await fixture.failure(fixture.target(signIn: .key(key, passphrase: nil)))
        #expect(error?.code == .unauthenticated)
        #expect(error?.reason == "RSA_KEY_UNSUPPORTED")
        #expect(error?.message.contains("ed25519") == true)
    }

    @Test("by RSA key", .enabled(if: LibraryVersions.hasRSAWithSHA2))
    func rsaKeyWithNewLibrary() async throws {
        let fixture = try SFTPFixture()
        let key = Secret(try fixture.server.makeKey("rsa"))
        #expect(await fixture.failure(fixture.target(signIn: .key(key, passphrase: nil))) == nil)
    }
}

@Suite(
    "Signing in to OpenSSH with a password", .enabled(if: SSHServerFixture.isPossible && TestUser.isPossible),
    .timeLimit(.minutes(2)))
struct PasswordSignInTests {
    @Test("by password, which has to be right")
    func password() async throws {
        let fixture = try SFTPFixture()
        let user = try TestUser()
        #expect(
            await fixture.failure(fixture.target(username: user.name, signIn: .password(Secret(user.password)))) == nil)
        let error = await fixture.failure(
            fixture.target(username: user.name, signIn: .password(Secret("canary-secret"))))
        #expect(error?.code == .unauthenticated)
        #expect(error?.reason == "SIGN_IN_REFUSED")
        #expect(error?.metadata["username"] == user.name)
        #expect(error.map { "\($0) \($0.metadata)" }?.contains("canary-secret") == false)
    }

    @Test("by keyboard-interactive, also where a password is asked for that way")
    func keyboardInteractive() async throws {
        var options = SSHServerFixture.Options()
        options.usesPAM = true
        let fixture = try SFTPFixture(options)
        let user = try TestUser()
        for signIn in [SSHSignIn.keyboardInteractive(Secret(user.password)), .password(Secret(user.password))] {
            #expect(await fixture.failure(fixture.target(username: user.name, signIn: signIn)) == nil)
        }
        let error = await fixture.failure(
            fixture.target(username: user.name, signIn: .keyboardInteractive(Secret("canary-secret"))))
        #expect(error?.code == .unauthenticated)
        #expect(error?.reason == "SIGN_IN_REFUSED")
        #expect(error.map { "\($0) \($0.metadata)" }?.contains("canary-secret") == false)
    }

    @Test("by key and password, both of which have to be right")
    func keyAndPassword() async throws {
        var options = SSHServerFixture.Options()
        options.configuration = ["AuthenticationMethods publickey,password"]
        let fixture = try SFTPFixture(options)
        let user = try TestUser()
        func target(_ key: Secret, _ password: String) -> SSHTarget {
            fixture.target(
                username: user.name, signIn: .keyAndPassword(key, passphrase: nil, password: Secret(password)))
        }
        #expect(await fixture.failure(target(fixture.key, user.password)) == nil)
        let wrongPassword = await fixture.failure(target(fixture.key, "wrong"))
        #expect(wrongPassword?.reason == "SIGN_IN_REFUSED")
        #expect(wrongPassword?.metadata["method"] == "password")
        let stranger = Secret(try fixture.server.makeKey(isAuthorized: false))
        let wrongKey = await fixture.failure(target(stranger, user.password))
        #expect(wrongKey?.reason == "SIGN_IN_REFUSED")
        #expect(wrongKey?.metadata["method"] == "key")
    }

    @Test("says which methods there are where the chosen one is not")
    func methodNotOffered() async throws {
        var options = SSHServerFixture.Options()
        options.configuration = ["AuthenticationMethods publickey"]
        let fixture = try SFTPFixture(options)
        let error = await fixture.failure(fixture.target(signIn: .password(Secret("x"))))
        #expect(error?.reason == "SIGN_IN_METHOD_NOT_OFFERED")
        #expect(error?.metadata["offered"] == "publickey")
    }
}
