import CausewayCore
import CausewayTestKit
import CausewayTransport
import Testing

/// A server, and the way to it for its owner.
struct SFTPFixture {
    let server: SSHServerFixture
    let key: Secret
    let files: ScratchFolder

    init(_ options: SSHServerFixture.Options = .init()) throws {
        server = try SSHServerFixture(options)
        key = Secret(try server.makeKey())
        files = try ScratchFolder()
    }

    var fingerprints: [HostKeyFingerprint] {
        server.fingerprints.values.sorted().compactMap { HostKeyFingerprint(text: $0) }
    }

    func target(
        port: UInt16? = nil, username: String? = nil, signIn: SSHSignIn? = nil,
        trusting fingerprints: [HostKeyFingerprint]? = nil, operationTimeout: Duration = .seconds(60)
    ) -> SSHTarget {
        SSHTarget(
            host: "127.0.0.1", port: port ?? server.port, username: username ?? SSHServerFixture.ownName,
            signIn: signIn ?? .key(key, passphrase: nil), trustedHostKeys: fingerprints ?? self.fingerprints,
            operationTimeout: operationTimeout)
    }

    /// A session with the server, which ends with `body`.
    func withSession<Value: Sendable>(
        _ target: SSHTarget? = nil, _ body: (SFTPSession) async throws -> Value
    ) async throws -> Value {
        let session = try await SFTPSession.open(target ?? self.target()) { _ in }
        do {
            let value = try await body(session)
            await session.close()
            return value
        } catch {
            await session.close()
            throw error
        }
    }

    /// What opening a session fails with.
    func failure(_ target: SSHTarget) async -> CausewayError? {
        do {
            let session = try await SFTPSession.open(target) { _ in }
            await session.close()
            return nil
        } catch {
            return error
        }
    }
}

/// Bytes that differ from place to place.
func pattern(_ count: Int) -> [UInt8] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state)
    }
}

extension SFTPSession {
    /// All that is left of a file.
    func readAll(_ path: String, from offset: Int64 = 0, limit: Int = 1 << 20) async throws -> [UInt8] {
        let file = try await openFile(path, at: offset)
        var bytes: [UInt8] = []
        while true {
            let chunk = try await read(file, limit: limit)
            if chunk.isEmpty { break }
            bytes += chunk
        }
        await close(file)
        return bytes
    }
}
