import CausewayCore
import CausewayEngine
import CausewayStore
import CausewayTestKit
import CausewayVault
import Glibc
import Synchronization
import Testing

/// Rotation of the master key, with people at work and with crashes.
@Suite struct RotationTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private func reason(_ body: () async throws -> some Any) async -> String? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? CausewayError)?.reason ?? "not ours: \(error)"
        }
    }

    @Test func everyCredentialIsSealedUnderTheNewKeyAndTheOldOneOpensNothing() async throws {
        let engine = try await RotationFixture.start(in: folder)
        for index in 0..<5 { try await engine.create("c\(index)", password: "p\(index)") }
        let old = try #require(try engine.file.read())
        let rotated = try await engine.supervisor.rotateMasterKey()
        #expect(rotated.credentials == 5)
        #expect(try engine.file.read()?.id.description == rotated.keyID)
        #expect(rotated.keyID != old.id.description)
        #expect(try engine.passwordsUnderTheFile() == ["p0", "p1", "p2", "p3", "p4"])
        #expect(try await engine.password(of: "c3") == "p3")

        let other = try ScratchFolder()
        try MasterKeyFile(other["master-key"]).create(old)
        let image = engine.store.image
        #expect(await reason { try await RotationFixture.start(in: other, image: image) } == "MASTER_KEY_WRONG")
        let again = try await RotationFixture.start(in: folder, image: image)
        #expect(try await again.password(of: "c3") == "p3")
    }

    @Test func anInstallationWithoutCredentialsIsRotatedToo() async throws {
        let engine = try await RotationFixture.start(in: folder)
        #expect(try await engine.supervisor.rotateMasterKey().credentials == 0)
        #expect(try engine.passwordsUnderTheFile().isEmpty)
        try await engine.create("c", password: "p")
        #expect(try engine.passwordsUnderTheFile() == ["p"])
    }

    /// Each connection is reconnected again and again while the key is rotated again and again. The gates give every
    /// commit several turns to be overtaken in.
    @Test func credentialsThatAreReplacedMeanwhileAreNotLost() async throws {
        let gates = MemoryStore.Gates(
            before: { _ throws(CausewayError) in for _ in 0..<3 { await Task.yield() } },
            after: { _, _ throws(CausewayError) in for _ in 0..<3 { await Task.yield() } })
        let engine = try await RotationFixture.start(in: folder, gates: gates)
        let names = (0..<8).map { "c\($0)" }
        for name in names { try await engine.create(name, password: "first") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for name in names {
                group.addTask {
                    for round in 0..<20 {
                        try await engine.reconnect(name, password: "\(name) \(round)")
                        #expect(try await engine.password(of: name) == "\(name) \(round)")
                    }
                }
            }
            for index in 0..<4 {
                group.addTask {
                    for round in 0..<5 {
                        _ = try await engine.supervisor.rotateMasterKey()
                        try await engine.create("n\(index)-\(round)", password: "new")
                    }
                }
            }
            try await group.waitForAll()
        }
        let expected = names.map { "\($0) 19" } + Array(repeating: "new", count: 20)
        #expect(try engine.passwordsUnderTheFile() == expected.sorted())
    }

    @Test func credentialsOpenOnBothSidesOfTheCommit() async throws {
        let hook = Hook()
        let engine = try await RotationFixture.start(in: folder, gates: hook.gates)
        try await engine.create("c", password: "p")
        let seen = Mutex<[String?]>([])
        let look: @Sendable () async throws(CausewayError) -> Void = { () async throws(CausewayError) in
            let password = try? await engine.password(of: "c")
            seen.withLock { $0.append(password) }
        }
        hook.set(before: look, after: look)
        _ = try await engine.supervisor.rotateMasterKey()
        #expect(seen.withLock { $0 } == ["p", "p"])
    }

    @Test func aConnectionThatIsDeletedMeanwhileStaysDeleted() async throws {
        let hook = Hook()
        let engine = try await RotationFixture.start(in: folder, gates: hook.gates)
        try await engine.create("gone", password: "g")
        try await engine.create("kept", password: "k")
        let shard = try engine.supervisor.directory.shard(of: "gone")
        hook.set(before: { () async throws(CausewayError) in
            var unit = CommitUnit(Ownership(shard: shard, epoch: 1))
            CredentialTable.delete(from: &unit, "password")
            try await engine.store.commit(unit)
        })
        #expect(try await engine.supervisor.rotateMasterKey().credentials == 1)
        #expect(try engine.passwordsUnderTheFile() == ["k"])
    }

    @Test func aCrashBeforeTheCommitLeavesTheOldKeyInForce() async throws {
        let hook = Hook()
        let engine = try await RotationFixture.start(in: folder, gates: hook.gates)
        try await engine.create("c", password: "p")
        let old = try engine.file.read()?.id
        hook.set(before: { () async throws(CausewayError) in throw .dead })
        #expect(await reason { try await engine.supervisor.rotateMasterKey() } == "STORE_STOPPED")
        #expect(access(engine.file.path + ".next", F_OK) == 0)
        let next = try await RotationFixture.start(in: folder, image: engine.store.image)
        #expect(try next.file.read()?.id == old)
        #expect(access(engine.file.path + ".next", F_OK) != 0)
        #expect(try await next.password(of: "c") == "p")
        #expect(try await next.supervisor.rotateMasterKey().credentials == 1)
        #expect(try next.passwordsUnderTheFile() == ["p"])
    }

    @Test func aCrashAfterTheCommitPutsTheNewKeyInForceAtTheNextStart() async throws {
        let hook = Hook()
        let engine = try await RotationFixture.start(in: folder, gates: hook.gates)
        try await engine.create("c", password: "p")
        let old = try engine.file.read()?.id
        hook.set(after: { () async throws(CausewayError) in throw .unknown })
        #expect(await reason { try await engine.supervisor.rotateMasterKey() } == "STORE_OUTCOME_UNKNOWN")
        #expect(try engine.file.read()?.id == old)
        // The staged key may be the only one that opens the store: nothing may overwrite it.
        #expect(await reason { try await engine.supervisor.rotateMasterKey() } == "ROTATION_UNSETTLED")
        let next = try await RotationFixture.start(in: folder, image: engine.store.image)
        #expect(try next.file.read()?.id != old)
        #expect(try next.passwordsUnderTheFile() == ["p"])
        #expect(try await next.password(of: "c") == "p")
    }

    @Test func aCommitThatFailsForCertainChangesNothing() async throws {
        let hook = Hook()
        let engine = try await RotationFixture.start(in: folder, gates: hook.gates)
        try await engine.create("c", password: "p")
        let old = try engine.file.read()?.id
        hook.set(before: { () async throws(CausewayError) in throw .full })
        #expect(await reason { try await engine.supervisor.rotateMasterKey() } == "STORE_FULL")
        #expect(try engine.file.read()?.id == old)
        #expect(access(engine.file.path + ".next", F_OK) != 0)
        try await engine.reconnect("c", password: "q")
        #expect(try engine.passwordsUnderTheFile() == ["q"])
        #expect(try await engine.supervisor.rotateMasterKey().credentials == 1)
        #expect(try engine.passwordsUnderTheFile() == ["q"])
    }

    @Test func aKeyThatCouldNotBePutInPlaceIsNotOverwrittenByTheNext() async throws {
        let hook = Hook()
        let engine = try await RotationFixture.start(in: folder, gates: hook.gates)
        try await engine.create("c", password: "p")
        let (path, aside) = (engine.file.path, folder["aside"])
        hook.set(after: { () async throws(CausewayError) in
            rename(path, aside)
            mkdir(path, 0o700)
        })
        #expect(await reason { try await engine.supervisor.rotateMasterKey() } == "MASTER_KEY_UNWRITABLE")
        #expect(try await engine.password(of: "c") == "p")
        rmdir(path)
        rename(aside, path)
        #expect(try await engine.supervisor.rotateMasterKey().credentials == 1)
        #expect(try engine.passwordsUnderTheFile() == ["p"])
    }

    @Test func aFileThatHoldsAnotherKeyByNowIsLeftAlone() async throws {
        let engine = try await RotationFixture.start(in: folder)
        try await engine.create("c", password: "p")
        unlink(engine.file.path)
        let other = try MasterKey.make()
        try engine.file.create(other)
        #expect(await reason { try await engine.supervisor.rotateMasterKey() } == "MASTER_KEY_REPLACED")
        #expect(try engine.file.read()?.id == other.id)
        #expect(try await engine.password(of: "c") == "p")
    }

    @Test func aDamagedCredentialIsNamedAndNothingIsChanged() async throws {
        let engine = try await RotationFixture.start(in: folder)
        try await engine.create("good", password: "p")
        try await engine.create("bad", password: "p")
        let shard = try engine.supervisor.directory.shard(of: "bad")
        var sealed = try #require(try engine.store.read { try CredentialTable.get(in: $0, shard, "password") })
        sealed[sealed.count - 1] ^= 1
        var unit = CommitUnit(Ownership(shard: shard, epoch: 1))
        CredentialTable.put(into: &unit, "password", sealed: sealed)
        try await engine.store.commit(unit)
        let old = try engine.file.read()?.id
        do {
            _ = try await engine.supervisor.rotateMasterKey()
            Issue.record("it was rotated")
        } catch {
            #expect(error.reason == "SEALED_VALUE_DAMAGED")
            #expect(error.metadata["connection"] == "bad")
        }
        #expect(try engine.file.read()?.id == old)
        #expect(try await engine.password(of: "good") == "p")
    }
}

/// What happens once around the commit of the next rotation.
private final class Hook: Sendable {
    typealias Action = @Sendable () async throws(CausewayError) -> Void
    private let actions = Mutex<(before: Action?, after: Action?)>((nil, nil))

    func set(before: Action? = nil, after: Action? = nil) { actions.withLock { $0 = (before, after) } }

    var gates: MemoryStore.Gates {
        MemoryStore.Gates(
            before: { (unit) async throws(CausewayError) in
                guard unit.isOfRotation else { return }
                let action = self.actions.withLock { actions in
                    defer { actions.before = nil }
                    return actions.before
                }
                try await action?()
            },
            after: { (unit, _) async throws(CausewayError) in
                guard unit.isOfRotation else { return }
                let action = self.actions.withLock { actions in
                    defer { actions.after = nil }
                    return actions.after
                }
                try await action?()
            })
    }
}

extension CommitUnit {
    /// The unit of the system's shard that replaces the check value.
    fileprivate var isOfRotation: Bool {
        ownership.shard == .system
            && mutations.contains { mutation in
                if case .requireEqual(.settings, _, _) = mutation { true } else { false }
            }
    }
}

extension CausewayError {
    fileprivate static var dead: CausewayError { CausewayError(.unavailable, reason: "STORE_STOPPED", "Dead.") }
    fileprivate static var unknown: CausewayError {
        CausewayError(.unavailable, reason: "STORE_OUTCOME_UNKNOWN", "Who knows.")
    }
    fileprivate static var full: CausewayError { CausewayError(.resourceExhausted, reason: "STORE_FULL", "Full.") }
}
