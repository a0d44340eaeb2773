import CLMDB
import Glibc

/// The database handle of each table, and of the store's own records. Valid as long as the environment.
struct TableHandles: Sendable {
    fileprivate(set) var meta: MDB_dbi = 0
    /// By raw value of ``Table``. In line, so that a transaction that holds it needs no clean-up.
    private var tables = InlineArray<64, MDB_dbi>(repeating: 0)

    subscript(table: Table) -> MDB_dbi {
        get { tables[Int(table.rawValue)] }
        set { tables[Int(table.rawValue)] = newValue }
    }
}

/// The store's own records, in the database `meta`: eight big-endian bytes each.
enum MetaRecord: String {
    /// The version of the format.
    case format
    /// The last boot epoch that was given.
    case epoch

    static let database = "meta"
    var key: [UInt8] { [UInt8](rawValue.utf8) }

    static func read(_ bytes: UnsafeRawBufferPointer) -> UInt64? {
        guard bytes.count == 8 else { return nil }
        return UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
    }
}

/// An LMDB environment, closed by scope. At most one a folder and process: see ``StoreFolder``.
struct OpenEnvironment: ~Copyable, @unchecked Sendable {
    // LMDB allows any thread to use an environment; transactions are what is bound to a thread or scope.
    let pointer: OpaquePointer
    private(set) var handles = TableHandles()
    /// Given up after the environment is closed, not before.
    private let lock: FolderLock?

    /// Opens the two files in `folder`, made if they are not there.
    ///
    /// - Parameter extraFlags: for the fault tests only.
    init(folder: String, lock: FolderLock?, options: StoreOptions, extraFlags: UInt32 = 0) throws(LMDBError) {
        var made: OpaquePointer?
        try check(mdb_env_create(&made))
        guard let made else { throw LMDBError(code: ENOMEM) }
        do throws(LMDBError) {
            try check(mdb_env_set_mapsize(made, options.mapBytes))
            try check(mdb_env_set_maxdbs(made, MDB_dbi(Table.allCases.count + 2)))
            try check(mdb_env_set_maxreaders(made, UInt32(clamping: options.readers)))
            try check(mdb_env_open(made, folder, UInt32(MDB_NOTLS) | extraFlags, 0o600))
            // LMDB opens the data file so that children would inherit it, writable.
            var descriptor: Int32 = -1
            try check(mdb_env_get_fd(made, &descriptor))
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { throw LMDBError(code: errno) }
        } catch {
            mdb_env_close(made)
            throw error
        }
        pointer = made
        self.lock = lock
    }

    deinit { mdb_env_close(pointer) }

    /// Opens every table, made if it is not there, in one transaction that is committed only when something was made.
    mutating func openTables() throws(LMDBError) {
        let transaction = try WriteTransaction(self)
        var handles = TableHandles()
        handles.meta = try transaction.database(MetaRecord.database)
        for table in Table.allCases { handles[table] = try transaction.database(table.name) }
        try transaction.commit()
        self.handles = handles
    }

    /// Clears the reader slots of processes that died; the number cleared.
    borrowing func clearDeadReaders() throws(LMDBError) -> Int {
        var dead: Int32 = 0
        try check(mdb_reader_check(pointer, &dead))
        return Int(dead)
    }
}
