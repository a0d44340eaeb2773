import CausewayCore
import CausewayStore
import Glibc
import Synchronization
import Testing

/// Copies of a store that is in use, and how damage in them is found.
@Suite struct BackupTests {
    /// A unit with enough in it for trees of some depth.
    private func unit(_ number: UInt64, _ shard: ShardID = .one) -> CommitUnit {
        var unit = CommitUnit(shard)
        for index in 0..<50 as Range<UInt64> {
            let value = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 200)
            unit.put(.files, KeyBuilder.key(shard, entity: 1, number * 50 + index), value)
        }
        unit.put(.segments, KeyBuilder.key(shard, number), [UInt8](repeating: 7, count: 20_000))
        return unit
    }

    private func backUp(_ store: LMDBStore, to path: String) async throws {
        try await onOwnThread {
            try store.backUp(
                to: path,
                check: { folder throws(CausewayError) in try VerifierProcess.run(exercise, ["verify", folder]) })
        }
    }

    @Test func aStoreOpensOnItsBackupAndGoesOn() async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            defer { store.close() }
            let epoch = try await store.nextEpoch()
            for number in 0..<10 as Range<UInt64> { try await store.commit(unit(number)) }
            let before = try contents(store)
            let last = Mutex<BackupProgress?>(nil)
            try await onOwnThread {
                try store.backUp(to: folder + "/copy", progress: { progress in last.withLock { $0 = progress } })
            }
            try await store.commit(unit(10))
            let copy = try LMDBStore.open(at: folder + "/copy", clock: SystemClock())
            defer { copy.close() }
            #expect(try contents(copy) == before)
            #expect(try await copy.nextEpoch() == epoch + 1)
            #expect(try await copy.commit(unit(10)).position == 11)
            let end = try #require(last.withLock { $0 })
            #expect(end.copied > 200_000)
            #expect(end.copied == end.expected)
            #expect(mode(folder + "/copy") == 0o700)
            #expect(mode(folder + "/copy/data/data.mdb") == 0o600)
        }
    }

    @Test func aBackupWhileWritingIsOneSnapshot() async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            defer { store.close() }
            let units = (0..<200 as Range<UInt64>).map { unit($0) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for unit in units { try await store.commit(unit) } }
                for index in 0..<3 { try await backUp(store, to: folder + "/copy\(index)") }
                try await group.waitForAll()
            }
            for index in 0..<3 {
                let copy = try LMDBStore.open(at: folder + "/copy\(index)", clock: SystemClock())
                defer { copy.close() }
                let (position, files, segments) = try copy.read { transaction in
                    let owner = try transaction.get(.ownership, KeyBuilder.key(.one)) { OwnershipRecord.read($0) }
                    let all = KeyRange(prefix: KeyBuilder.key(.one))
                    return (
                        owner??.position ?? 0, try transaction.count(.files, all), try transaction.count(.segments, all)
                    )
                }
                #expect(files == Int(position) * 50)
                #expect(segments == Int(position))
            }
        }
    }

    @Test func aBackupNeverReplacesAnything() async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            defer { store.close() }
            #expect(mkdir(folder + "/copy", 0o700) == 0)
            #expect(await reason { try await backUp(store, to: folder + "/copy") } == "ALREADY_EXISTS")
            #expect(await reason { try await backUp(store, to: folder + "/missing/copy") } == "BACKUP_FAILED")
        }
    }

    @Test func aBackupThatFailsItsCheckLeavesNothing() async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            defer { store.close() }
            let error = await reason {
                try await onOwnThread {
                    try store.backUp(
                        to: folder + "/copy",
                        check: { _ throws(CausewayError) in throw .damaged("The copy is not whole.") })
                }
            }
            #expect(error == "STORE_DAMAGED")
            #expect(access(folder + "/copy", F_OK) != 0)
            #expect(access(folder + "/copy.unfinished", F_OK) != 0)
            try await backUp(store, to: folder + "/copy")
        }
    }

    @Test func theVerifierCountsWhatIsThere() async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            try await store.commit(unit(0))
            try await store.commit(unit(1, .two))
            store.close()
            let seen = Mutex(0)
            let summary = try StoreVerifier.verify(folder + "/store") { _, _, _ in seen.withLock { $0 += 1 } }
            #expect(summary.shards == 2)
            #expect(summary.entries == 2 * 52)
            #expect(seen.withLock { $0 } == 2 * 52)
            #expect(summary.format == StoreFormat.now.number)
            #expect(summary.leakedPages == 0)
        }
    }

    /// Damage of a copy, each found in a process of its own whether LMDB reports it or crashes.
    @Test(arguments: ["truncated", "zeroed", "noise"])
    func theVerifierFindsDamage(_ kind: String) async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            for number in 0..<20 as Range<UInt64> { try await store.commit(unit(number)) }
            store.close()
            let file = folder + "/store/data/data.mdb"
            try VerifierProcess.run(exercise, ["verify", folder + "/store"])
            var found = stat()
            try #require(stat(file, &found) == 0)
            let pages = Int(found.st_size) / 4_096
            switch kind {
            case "truncated": #expect(truncate(file, off_t(pages / 2 * 4_096)) == 0)
            case "zeroed":
                try overwrite(file, at: 4_096 * 2, [UInt8](repeating: 0, count: 4_096 * (pages - 2)))
            default:
                let noise = (0..<4_096 * (pages - 2)).map { UInt8(truncatingIfNeeded: $0 &* 131 >> 3) }
                try overwrite(file, at: 4_096 * 2, noise)
            }
            let error = await reason { try VerifierProcess.run(exercise, ["verify", folder + "/store"]) }
            #expect(error == "STORE_DAMAGED")
        }
    }

    @Test func aVerifierThatIsNotThereIsNoDamage() async throws {
        #expect(await reason { try VerifierProcess.run("/nonexistent/verifier", []) } == "VERIFIER_FAILED")
    }

    @Test func anEndBySignalIsDamage() async throws {
        #expect(await reason { try VerifierProcess.run("/bin/sh", ["-c", "kill -SEGV $$"]) } == "STORE_DAMAGED")
    }
}
