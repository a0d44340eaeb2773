import CLMDB
import CausewayCore
import Glibc

/// Reads a whole store that nobody has open, and says whether it is sound.
///
/// LMDB does not report a damaged file, it crashes: run this in a process of its own, see ``VerifierProcess``.
package enum StoreVerifier {
    /// What was found.
    package struct Summary: Sendable {
        package var format: UInt32
        package var lastTransaction: UInt64
        package var shards: Int
        package var entries: UInt64
        /// Bytes of all keys and values.
        package var bytes: UInt64
        /// Pages that neither a table nor the list of free pages has.
        package var leakedPages: UInt64
    }

    /// - Parameters:
    ///   - path: the folder of a store or of a backup.
    ///   - content: called with each entry; throws when its value is not what it should be.
    /// - Throws: ``CausewayError``: `STORE_IN_USE`, `STORE_DAMAGED`, `STORE_FORMAT_TOO_NEW`; what `content` throws.
    package static func verify(
        _ path: String,
        content: (Table, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Void = { _, _, _ in }
    ) throws -> Summary {
        let folder = StoreFolder(path)
        let lock = try folder.lockIfThere()
        do {
            let environment = try OpenEnvironment(
                folder: folder.data, lock: lock, options: StoreOptions(), extraFlags: UInt32(MDB_RDONLY | MDB_NOLOCK))
            return try walk(environment, content)
        } catch let error as LMDBError {
            throw error.whileOpening
        }
    }

    private static func walk(
        _ environment: borrowing OpenEnvironment,
        _ content: (Table, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Void
    ) throws -> Summary {
        let snapshot = try ReadSnapshot(environment)
        let view = snapshot.view()
        var information = MDB_envinfo()
        mdb_env_info(environment.pointer, &information)
        var summary = Summary(
            format: try format(view), lastTransaction: UInt64(information.me_last_txnid), shards: 0, entries: 0,
            bytes: 0, leakedPages: 0)
        var shards: Set<[UInt8]> = []
        var pages = try view.statistics(PageCount.names).pages + view.statistics(PageCount.freeList).pages
        if let meta = try view.database(MetaRecord.database) { pages += try view.statistics(meta).pages }
        for table in Table.allCases {
            guard let database = try view.database(table.name) else { continue }
            let statistics = try view.statistics(database)
            pages += statistics.pages
            var walk = TableWalk(table)
            try view.scan(database, KeyRange(from: [], upTo: nil), reverse: false) { key, value in
                try walk.visit(key, value, &shards)
                try content(table, key, value)
                return .next
            }
            guard walk.entries == UInt64(statistics.ms_entries) else {
                throw CausewayError.damaged(
                    "\(table.name) has \(walk.entries) entries and counts \(statistics.ms_entries).")
            }
            summary.entries += walk.entries
            summary.bytes += walk.bytes
        }
        summary.shards = shards.count
        let free = try PageCount(view)
        let all = UInt64(information.me_last_pgno) + 1
        // Two pages at the start hold the roots.
        let known = pages + free.free + 2
        guard known <= all, free.highest < all else { throw CausewayError.damaged("A page is used twice.") }
        summary.leakedPages = all - known
        return summary
    }

    private static func format(_ view: LMDBView) throws -> UInt32 {
        guard let meta = try view.database(MetaRecord.database) else {
            throw CausewayError.damaged("The file has no record of its format.")
        }
        var found: UInt64?
        let range = KeyRange(prefix: MetaRecord.format.key)
        try view.scan(meta, range, reverse: false) { _, value in
            found = MetaRecord.read(value)
            return .stop
        }
        guard let found else { throw CausewayError.damaged("The file has no record of its format.") }
        let format = UInt32(clamping: found)
        guard format <= StoreFormat.now.current else {
            throw CausewayError.formatTooNew(format, known: StoreFormat.now.current)
        }
        return format
    }
}

/// What has been seen of one table.
private struct TableWalk {
    let table: Table
    private(set) var entries: UInt64 = 0
    private(set) var bytes: UInt64 = 0
    private var last: [UInt8] = []

    init(_ table: Table) {
        self.table = table
    }

    /// - Parameter shards: those with an owner, filled by the first table.
    mutating func visit(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ shards: inout Set<[UInt8]>
    ) throws(CausewayError) {
        guard key.count >= 16, last.withUnsafeBytes({ isBelow($0, key) }) else {
            throw .damaged("The keys of \(table.name) are not in order.")
        }
        let isSameShard = last.count >= 16 && last.withUnsafeBytes { hasPrefix(key, .init(rebasing: $0[..<16])) }
        last.removeAll(keepingCapacity: true)
        last.append(contentsOf: key)
        if table == .ownership {
            guard key.count == 16, OwnershipRecord.read(value) != nil else {
                throw .damaged("A record of an owner is not readable.")
            }
            shards.insert(last)
        } else if !isSameShard, !shards.contains(Array(last[..<16])) {
            throw .damaged("\(table.name) has entries of a shard that nobody owns.")
        }
        // Every page of the value is read, so that one that is missing shows.
        var sum: UInt8 = 0
        for offset in stride(from: 0, to: value.count, by: 512) { sum ^= value[offset] }
        withExtendedLifetime(sum) {}
        entries += 1
        bytes += UInt64(key.count + value.count)
    }
}
