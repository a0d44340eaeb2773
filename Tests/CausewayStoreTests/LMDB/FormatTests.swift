import CausewayCore
import Testing

@testable import CausewayStore

/// Formats of the store and the way from one to the next.
@Suite struct FormatTests {
    private func hooks(_ current: UInt32, _ migrations: [Migration] = []) -> StoreHooks {
        var hooks = StoreHooks()
        hooks.format = StoreFormat(current: current, migrations: migrations)
        return hooks
    }

    /// Adds `byte` to the list of steps in the store.
    private func step(from format: UInt32, _ byte: UInt8) -> Migration {
        Migration(from: format) { transaction throws(LMDBError) in
            let key = KeyBuilder.key(.system, "steps")
            let steps = try transaction.withValue(.settings, key) { $0.map { [UInt8]($0) } ?? [] }
            try transaction.put(.settings, key, steps + [byte], ascending: false)
        }
    }

    @Test func refusesAFormatFromTheFuture() async throws {
        try await withTemporaryFolder { folder in
            try openStore(folder, hooks: hooks(3)).close()
            do throws(CausewayError) {
                _ = try openStore(folder)
                Issue.record("opened a newer format")
            } catch {
                #expect(error.reason == "STORE_FORMAT_TOO_NEW")
                #expect(error.metadata == ["format": "3", "known_format": "2"])
            }
        }
    }

    @Test func runsMigrationsInOrderOnce() async throws {
        try await withTemporaryFolder { folder in
            try openStore(folder, hooks: hooks(1)).close()
            let way = hooks(4, [step(from: 3, 30), step(from: 1, 10), step(from: 2, 20)])
            for _ in 0..<2 {
                let store = try openStore(folder, hooks: way)
                #expect(try store.read { try $0.value(.settings, KeyBuilder.key(.system, "steps")) } == [10, 20, 30])
                store.close()
            }
        }
    }

    @Test func aMigrationThatFailsLeavesTheFormatBefore() async throws {
        try await withTemporaryFolder { folder in
            try openStore(folder, hooks: hooks(1)).close()
            let second = step(from: 2, 20)
            let broken = Migration(from: 2) { transaction throws(LMDBError) in
                try second.run(&transaction)
                throw LMDBError(code: 5)
            }
            let error = await reason { try openStore(folder, hooks: hooks(3, [step(from: 1, 10), broken])) }
            #expect(error == "STORE_IO")
            let store = try openStore(folder, hooks: hooks(3, [step(from: 1, 10), second]))
            #expect(try store.read { try $0.value(.settings, KeyBuilder.key(.system, "steps")) } == [10, 20])
            store.close()
        }
    }

    @Test func saysWhenNoWayLeadsToTheFormat() async throws {
        try await withTemporaryFolder { folder in
            try openStore(folder, hooks: hooks(1)).close()
            #expect(
                await reason { try openStore(folder, hooks: hooks(3, [step(from: 2, 20)])) } == "STORE_FORMAT_TOO_OLD")
        }
    }

    @Test func refusesTheFirstFormat() async throws {
        try await withTemporaryFolder { folder in
            try openStore(folder, hooks: hooks(1)).close()
            #expect(await reason { try openStore(folder) } == "STORE_FORMAT_TOO_OLD")
        }
    }
}
