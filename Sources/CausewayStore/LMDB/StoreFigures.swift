import CLMDB
package import CausewayCore
import Glibc

/// How a store is doing.
package struct StoreFigures: Sendable {
    /// Entries and bytes of one table; pages of the tree included.
    package struct TableFigures: Hashable, Sendable {
        package var table: String
        package var entries: UInt64
        package var bytes: UInt64
    }

    package var path: String
    /// Of LMDB itself: "0.9.24".
    package var libraryVersion: String
    /// Size of the file.
    package var fileBytes: UInt64
    /// Pages in use.
    package var usedBytes: UInt64
    /// Pages that can be used again.
    package var freeBytes: UInt64
    /// The largest the file may grow.
    package var mapBytes: UInt64
    /// Free on its file system; zero when that cannot be told.
    package var diskFreeBytes: UInt64
    package var lastTransaction: UInt64
    /// Read transactions in progress.
    package var readers: Int
    /// Transactions that the oldest reader lags behind.
    package var oldestReaderLag: UInt64
    package var oldestReaderAge: Duration
    /// Transactions committed since the store was opened.
    package var commits: UInt64
    /// Changes in them: more than commits where writes were grouped.
    package var units: UInt64
    /// Of write transactions since the store was opened.
    package var writeTimes: WriteTimes
    /// Whether nothing can be written until a restart.
    package var hasStopped: Bool
    /// In the order of ``Table``.
    package var tables: [TableFigures]
}

extension LMDBStore {
    /// The store's figures now. Walks the list of free pages: milliseconds, more in a large store with many of them.
    ///
    /// - Throws: ``CausewayError`` `STORE_STOPPED`, `STORE_IO`.
    package func figures() throws(CausewayError) -> StoreFigures {
        let shared = try current()
        do {
            return try figures(shared)
        } catch let error as LMDBError {
            throw error.whileReading
        } catch {
            throw .wrapping(error)
        }
    }

    private func figures(_ shared: SharedEnvironment) throws -> StoreFigures {
        let tally = writer.tally
        let lag = ReaderList(shared.environment)
        return try withSnapshot(shared) { view in
            var information = MDB_envinfo()
            mdb_env_info(shared.environment.pointer, &information)
            let pages = try PageCount(view)
            let tables = try Table.allCases.map { table in
                let found = try view.statistics(shared.environment.handles[table])
                return StoreFigures.TableFigures(
                    table: table.name, entries: UInt64(found.ms_entries), bytes: found.pages * UInt64(found.ms_psize))
            }
            let last = UInt64(information.me_last_txnid)
            var file = stat()
            let fileBytes = stat(shared.folder + "/data.mdb", &file) == 0 ? UInt64(file.st_size) : 0
            return StoreFigures(
                path: path, libraryVersion: LMDBError.libraryVersion, fileBytes: fileBytes,
                usedBytes: (UInt64(information.me_last_pgno) + 1 - min(pages.free, UInt64(information.me_last_pgno)))
                    * pages.pageBytes,
                freeBytes: pages.free * pages.pageBytes, mapBytes: UInt64(information.me_mapsize),
                diskFreeBytes: DiskRoom(shared.folder)?.free ?? 0, lastTransaction: last, readers: lag.active,
                oldestReaderLag: lag.oldest.map { last - min($0, last) } ?? 0, oldestReaderAge: readers.oldestAge,
                commits: tally.commits, units: tally.units, writeTimes: tally.times, hasStopped: writer.hasStopped,
                tables: tables)
        }
    }
}

extension MDB_stat {
    /// Pages of the tree and of values beside it.
    var pages: UInt64 { UInt64(ms_branch_pages) + UInt64(ms_leaf_pages) + UInt64(ms_overflow_pages) }
}

/// Pages that no table uses, by LMDB's own list: database 0, whose values are a count and as many page numbers.
struct PageCount {
    static let freeList: MDB_dbi = 0
    /// The database that names the others.
    static let names: MDB_dbi = 1

    private(set) var free: UInt64 = 0
    /// The highest page number in the list.
    private(set) var highest: UInt64 = 0
    private(set) var pageBytes: UInt64

    init(_ view: LMDBView) throws {
        pageBytes = UInt64(try view.statistics(Self.freeList).ms_psize)
        var sum: UInt64 = 0
        var top: UInt64 = 0
        try view.scan(Self.freeList, KeyRange(from: [], upTo: nil), reverse: false) { _, value in
            let count = value.count >= 8 ? value.loadUnaligned(as: UInt64.self) : 0
            guard count < UInt64(value.count) / 8 else {
                throw CausewayError.damaged("The list of free pages is broken.")
            }
            sum += count
            for index in 0..<Int(count) {
                top = max(top, value.loadUnaligned(fromByteOffset: 8 * (index + 1), as: UInt64.self))
            }
            return .next
        }
        free = sum
        highest = top
    }
}

/// The readers that LMDB knows of: it offers them only as lines of text, "pid thread transaction".
private struct ReaderList {
    private(set) var active = 0
    /// The oldest transaction that is read.
    private(set) var oldest: UInt64?

    init(_ environment: borrowing OpenEnvironment) {
        let collected = Lines()
        mdb_reader_list(
            environment.pointer,
            { line, context in
                guard let line, let context else { return 0 }
                Unmanaged<Lines>.fromOpaque(context).takeUnretainedValue().text += String(cString: line)
                return 0
            }, Unmanaged.passUnretained(collected).toOpaque())
        for line in collected.text.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard words.count == 3, let transaction = UInt64(words[2]) else { continue }
            active += 1
            oldest = min(oldest ?? transaction, transaction)
        }
    }

    private final class Lines {
        var text = ""
    }
}
