import CLMDB
import CausewayCore
import Glibc
import Testing

@testable import CausewayStore

/// Opening, reopening and refusing to open.
@Suite struct OpeningTests {
    @Test func keepsWhatWasCommittedAcrossReopening() async throws {
        try await withTemporaryFolder { folder in
            let key = KeyBuilder.key(.one, "a")
            var store = try openStore(folder)
            #expect(try await store.nextEpoch() == 1)
            #expect(try await store.nextEpoch() == 2)
            try await store.commit(CommitUnit(.one, epoch: 2, [.put(.settings, key: key, value: [1, 2])]))
            store.close()
            store = try openStore(folder)
            #expect(try store.read { try $0.value(.settings, key) } == [1, 2])
            #expect(try await store.nextEpoch() == 3)
            #expect(await reason { try await store.commit(CommitUnit(.one, epoch: 1)) } == "OWNERSHIP_LOST")
            store.close()
        }
    }

    @Test func isForThisUserAlone() async throws {
        try await withTemporaryFolder { folder in
            try #require(mkdir(folder + "/store", 0o755) == 0)
            let store = try openStore(folder)
            defer { store.close() }
            #expect(mode(folder + "/store") == 0o700)
            #expect(mode(folder + "/store/data") == 0o700)
            for file in ["causeway.lock", "data/data.mdb", "data/lock.mdb"] {
                #expect(mode(folder + "/store/" + file) == 0o600, "\(file)")
            }
        }
    }

    @Test func refusesASecondStoreOfTheFolder() async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            do throws(CausewayError) {
                _ = try openStore(folder)
                Issue.record("opened twice")
            } catch {
                #expect(error.reason == "STORE_IN_USE")
                #expect(error.metadata["pid"] == String(getpid()))
            }
            #expect(throws: CausewayError.self) { try VerifierProcess.run(exercise, ["verify", folder + "/store"]) }
            store.close()
            try openStore(folder).close()
        }
    }

    /// What a child has between its fork and its exec is a second descriptor of the same open file.
    @Test func isFreeAtOnceAlsoWithAChildBeforeItsExec() async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            let lock = (3..<1_024).first { (descriptor: Int32) in
                var target = [CChar](repeating: 0, count: 4_096)
                let length = max(0, readlink("/proc/self/fd/\(descriptor)", &target, target.count))
                let path = String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
                return path == folder + "/store/causeway.lock"
            }
            let copy = dup(try #require(lock))
            defer { close(copy) }
            store.close()
            try openStore(folder).close()
        }
    }

    @Test func refusesAnotherProcess() async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            defer { store.close() }
            do throws(CausewayError) {
                try VerifierProcess.run(exercise, ["run", folder + "/store", "1", "1"])
                Issue.record("another process opened the store")
            } catch {
                #expect(error.message.contains("STORE_IN_USE"))
                #expect(error.message.contains("process \(getpid())"))
            }
        }
    }

    @Test func onlyTheClosedStoreIsStopped() async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            store.close()
            store.close()
            #expect(await reason { try await store.commit(CommitUnit(.one)) } == "STORE_STOPPED")
            #expect(
                await reason { try store.read { try $0.value(.settings, KeyBuilder.key(.one)) } } == "STORE_STOPPED")
            #expect(await reason { try store.figures() } == "STORE_STOPPED")
        }
    }

    @Test func startsAnewAfterACreationThatWasCutShort() async throws {
        try await withTemporaryFolder { folder in
            let unfinished = folder + "/store/data.unfinished"
            try #require(mkdir(folder + "/store", 0o700) == 0 && mkdir(unfinished, 0o700) == 0)
            let descriptor = open(unfinished + "/data.mdb", O_CREAT | O_WRONLY, 0o600)
            #expect(write(descriptor, "torn", 4) == 4)
            close(descriptor)
            let store = try openStore(folder)
            defer { store.close() }
            #expect(try await store.commit(CommitUnit(.one)).position == 1)
            #expect(access(unfinished, F_OK) != 0)
        }
    }

    @Test func saysWhenTheFileIsNoStore() async throws {
        try await withTemporaryFolder { folder in
            try openStore(folder).close()
            try overwrite(folder + "/store/data/data.mdb", at: 0, [UInt8](repeating: 0x5A, count: 8_192))
            #expect(await reason { try openStore(folder) } == "STORE_DAMAGED")
        }
    }

    @Test func refusesFoldersThatCannotBeMade() async throws {
        try await withTemporaryFolder { folder in
            #expect(await reason { try openStore(folder + "/missing/parent") } == "STORE_UNSUITABLE")
            close(open(folder + "/store", O_CREAT | O_WRONLY, 0o600))
            #expect(await reason { try openStore(folder) } == "STORE_UNSUITABLE")
        }
    }

    @Test(arguments: [0x6969, 0xFF53_4D42, 0xFE53_4D42, 0x517B, 0x6573_5546] as [Int64])
    func refusesRemoteFileSystems(_ type: Int64) {
        #expect(FileSystemKind.refusal(type)?.contains("local file system") == true)
    }

    @Test(arguments: [0xEF53, 0x5846_5342, 0x0102_1994, 0x9123_683E, 0x794C_7630] as [Int64])
    func takesLocalFileSystems(_ type: Int64) {
        #expect(FileSystemKind.refusal(type) == nil)
    }

    @Test func childrenInheritNoDescriptor() async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            defer { store.close() }
            let listing = folder + "/listing"
            // A plain spawn, without the care of `VerifierProcess`: what is not close-on-exec is inherited.
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_addopen(&actions, 1, listing, O_CREAT | O_WRONLY, 0o600)
            let words = [strdup(exercise), strdup("descriptors"), nil]
            defer { words.forEach { free($0) } }
            var process: pid_t = 0
            try #require(posix_spawn(&process, exercise, &actions, nil, words, nil) == 0)
            var status: Int32 = 0
            #expect(waitpid(process, &status, 0) == process)
            #expect(status == 0)
            let text = try String(decoding: fileBytes(listing), as: UTF8.self)
            #expect(text.contains(listing))
            for file in ["data.mdb", "lock.mdb", "causeway.lock"] {
                #expect(!text.contains(folder + "/store"), "\(file)")
            }
        }
    }

    private func fileBytes(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = read(descriptor, &buffer, buffer.count)
        return Array(buffer[..<max(0, count)])
    }
}
