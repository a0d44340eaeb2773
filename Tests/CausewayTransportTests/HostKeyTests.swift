import CausewayCore
import CausewayTestKit
import CausewayTransport
import Testing

@Suite("Host keys of OpenSSH", .enabled(if: SSHServerFixture.isPossible), .timeLimit(.minutes(2)))
struct HostKeyTests {
    @Test("refuses an unknown host and shows its fingerprint, before anything is sent")
    func unknown() async throws {
        let fixture = try SFTPFixture()
        let steps = Steps()
        await #expect {
            _ = try await SFTPSession.open(fixture.target(trusting: [])) { steps.add($0) }
        } throws: { error in
            let error = error as? CausewayError
            return error?.code == .failedPrecondition && error?.reason == "HOST_KEY_UNKNOWN"
                && error?.metadata["fingerprint"] == fixture.server.fingerprints["ed25519"]
                && error?.metadata["key_type"] == "ssh-ed25519"
        }
        #expect(steps.all.isEmpty)
        #expect(!fixture.server.takeLog().contains("publickey"))
    }

    @Test("refuses a changed key and shows both fingerprints")
    func changed() async throws {
        let fixture = try SFTPFixture()
        let other = try SSHServerFixture()
        let trusted = HostKeyFingerprint(text: other.fingerprints["ed25519"] ?? "")
        let error = await fixture.failure(fixture.target(trusting: trusted.map { [$0] } ?? []))
        #expect(error?.reason == "HOST_KEY_CHANGED")
        #expect(error?.code == .failedPrecondition)
        #expect(error?.retry == RetryAdvice.never)
        #expect(error?.metadata["expected"] == other.fingerprints["ed25519"])
        #expect(error?.metadata["presented"] == fixture.server.fingerprints["ed25519"])
    }

    @Test("finds the trusted key among several, whichever it is", arguments: ["ed25519", "ecdsa"])
    func several(_ trusted: String) async throws {
        var options = SSHServerFixture.Options()
        options.hostKeyTypes = ["rsa", "ecdsa", "ed25519"]
        let fixture = try SFTPFixture(options)
        let pin = try #require(HostKeyFingerprint(text: fixture.server.fingerprints[trusted] ?? ""))
        #expect(await fixture.failure(fixture.target(trusting: [pin])) == nil)
    }

    @Test("takes any of several trusted keys while they change")
    func rotation() async throws {
        let fixture = try SFTPFixture()
        let other = try SSHServerFixture()
        let pins = [other.fingerprints["ed25519"], fixture.server.fingerprints["ed25519"]].compactMap {
            $0.flatMap { HostKeyFingerprint(text: $0) }
        }
        #expect(pins.count == 2)
        #expect(await fixture.failure(fixture.target(trusting: pins)) == nil)
    }

    @Test("explains what to do about a server with an RSA key alone", .enabled(if: !LibraryVersions.hasRSAWithSHA2))
    func rsaOnly() async throws {
        var options = SSHServerFixture.Options()
        options.hostKeyTypes = ["rsa"]
        let fixture = try SFTPFixture(options)
        let error = await fixture.failure(fixture.target())
        #expect(error?.reason == "HOST_KEY_UNSUPPORTED")
        #expect(error?.code == .failedPrecondition)
        #expect(error?.message.contains("ssh-keygen -A") == true)
        #expect(error?.metadata["offered"]?.contains("rsa-sha2-512") == true)
    }

    @Test("takes no weak algorithm, and says what the server offers instead")
    func weak() async throws {
        var options = SSHServerFixture.Options()
        options.configuration = ["KexAlgorithms diffie-hellman-group14-sha1"]
        let fixture = try SFTPFixture(options)
        let error = await fixture.failure(fixture.target())
        #expect(error?.reason == "NO_COMMON_ALGORITHM")
        #expect(error?.metadata["kind"] == "key exchange")
        #expect(error?.metadata["offered"]?.contains("diffie-hellman-group14-sha1") == true)

        options.configuration = ["Ciphers aes128-cbc"]
        let other = try SFTPFixture(options)
        let cipher = await other.failure(other.target())
        #expect(cipher?.reason == "NO_COMMON_ALGORITHM")
        #expect(cipher?.metadata["kind"] == "cipher")
    }
}
