import CausewayCore
import CausewayStore
import Synchronization
import Testing

/// The figures of a store.
@Suite struct FiguresTests {
    @Test func tellEntriesPagesAndCommits() async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            defer { store.close() }
            for number in 0..<4 as Range<UInt64> {
                let value = [UInt8](repeating: 1, count: 100_000)
                try await store.commit(
                    CommitUnit(.one, [.put(.segments, key: KeyBuilder.key(.one, number), value: value)]))
            }
            let full = try store.figures()
            let segments = try #require(full.tables.first { $0.table == "segments" })
            #expect(full.tables.map(\.table) == Table.allCases.map(\.name))
            #expect(segments.entries == 4)
            #expect((400_000..<450_000).contains(segments.bytes))
            #expect(full.commits == 4)
            #expect(full.units == 4)
            #expect(full.usedBytes > 400_000)
            #expect(full.mapBytes == 1 << 40)
            #expect(full.diskFreeBytes > 0)
            #expect(full.writeTimes.longest > .zero)
            #expect(full.writeTimes.total >= full.writeTimes.longest)
            #expect(full.writeTimes.greatestProcessorTime > .zero)
            #expect((100_000..<101_000).contains(full.writeTimes.bytesOfLongest))
            #expect(!full.hasStopped)
            try await store.commit(CommitUnit(.one, [.deletePrefix(.segments, prefix: KeyBuilder.key(.one), limit: 9)]))
            let empty = try store.figures()
            #expect(empty.freeBytes >= full.freeBytes + 400_000)
            #expect(empty.usedBytes <= full.usedBytes - 400_000)
            #expect(empty.lastTransaction == full.lastTransaction + 1)
            #expect(empty.usedBytes + empty.freeBytes <= empty.fileBytes + 4 * 4_096)
        }
    }

    @Test func tellHowFarTheOldestReaderLags() async throws {
        try await withTemporaryFolder { folder in
            let store = try openStore(folder)
            defer { store.close() }
            let figures = try await onOwnThread {
                try store.read { _ in
                    for _ in 0..<3 { try commitAndWait(CommitUnit(.one), store) }
                    return try store.figures()
                }
            }
            #expect(figures.readers == 1)
            #expect(figures.oldestReaderLag == 3)
            #expect(figures.oldestReaderAge > .zero)
            let after = try store.figures()
            #expect(after.oldestReaderLag == 0)
            #expect(after.oldestReaderAge == .zero)
            #expect(try store.clearDeadReaders() == 0)
        }
    }
}
