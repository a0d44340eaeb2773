import CLMDB

/// One read transaction of LMDB, ended by scope. It pins pages, so nothing holds it across a suspension.
struct ReadSnapshot: ~Copyable {
    private let transaction: OpaquePointer
    private let handles: TableHandles

    init(_ environment: borrowing OpenEnvironment) throws(LMDBError) {
        var begun: OpaquePointer?
        try check(mdb_txn_begin(environment.pointer, nil, UInt32(MDB_RDONLY), &begun))
        guard let begun else { throw LMDBError(code: MDB_PANIC) }
        transaction = begun
        handles = environment.handles
    }

    deinit { mdb_txn_abort(transaction) }

    /// What a ``ReadTransaction`` may stand on while this value lives.
    borrowing func view() -> LMDBView { LMDBView(transaction: transaction, handles: handles) }
}

/// The look-ups of a ``ReadSnapshot``; used only inside the scope of one.
struct LMDBView: Snapshot {
    fileprivate let transaction: OpaquePointer
    fileprivate let handles: TableHandles

    func get(_ table: Table, _ key: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard !key.isEmpty else { return }
        var value = MDB_val()
        let code = key.withLMDBValue { mdb_get(transaction, handles[table], &$0, &value) }
        guard code != MDB_NOTFOUND else { return }
        guard code == 0 else { throw LMDBError(code: code).whileReading }
        try body(UnsafeRawBufferPointer(value))
    }

    func scan(
        _ table: Table, _ range: KeyRange, reverse: Bool,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> ScanStep
    ) throws {
        try scan(handles[table], range, reverse: reverse, body)
    }

    /// As the other, for any database of the environment.
    func scan(
        _ database: MDB_dbi, _ range: KeyRange, reverse: Bool,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> ScanStep
    ) throws {
        var opened: OpaquePointer?
        let code = mdb_cursor_open(transaction, database, &opened)
        guard code == 0, let cursor = opened else { throw LMDBError(code: code).whileReading }
        defer { mdb_cursor_close(cursor) }
        var key = MDB_val()
        var value = MDB_val()
        var found = reverse ? seekLast(cursor, range, &key, &value) : seekFirst(cursor, range, &key, &value)
        while found == 0 {
            let bytes = UnsafeRawBufferPointer(key)
            let isInside =
                reverse
                ? range.lower.withUnsafeBytes { !isBelow(bytes, $0) }
                : range.upper.map { upper in upper.withUnsafeBytes { isBelow(bytes, $0) } } ?? true
            guard isInside, try body(bytes, UnsafeRawBufferPointer(value)) == .next else { return }
            found = mdb_cursor_get(cursor, &key, &value, reverse ? MDB_PREV : MDB_NEXT)
        }
        guard found == MDB_NOTFOUND else { throw LMDBError(code: found).whileReading }
    }

    /// The database of that name, nil when the file has none.
    func database(_ name: String) throws(LMDBError) -> MDB_dbi? {
        var database: MDB_dbi = 0
        let code = mdb_dbi_open(transaction, name, 0, &database)
        guard code != MDB_NOTFOUND else { return nil }
        try check(code)
        return database
    }

    /// Entries and pages of a database.
    func statistics(_ database: MDB_dbi) throws(LMDBError) -> MDB_stat {
        var statistics = MDB_stat()
        try check(mdb_stat(transaction, database, &statistics))
        return statistics
    }

    private func seekFirst(_ cursor: OpaquePointer, _ range: KeyRange, _ key: inout MDB_val, _ value: inout MDB_val)
        -> Int32
    {
        guard !range.lower.isEmpty else { return mdb_cursor_get(cursor, &key, &value, MDB_FIRST) }
        return range.lower.withLMDBValue { lower in
            key = lower
            return mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE)
        }
    }

    private func seekLast(_ cursor: OpaquePointer, _ range: KeyRange, _ key: inout MDB_val, _ value: inout MDB_val)
        -> Int32
    {
        guard let upper = range.upper else { return mdb_cursor_get(cursor, &key, &value, MDB_LAST) }
        guard !upper.isEmpty else { return MDB_NOTFOUND }
        let code = upper.withLMDBValue { upper in
            key = upper
            return mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE)
        }
        switch code {
        case 0: return mdb_cursor_get(cursor, &key, &value, MDB_PREV)
        case MDB_NOTFOUND: return mdb_cursor_get(cursor, &key, &value, MDB_LAST)
        default: return code
        }
    }
}
