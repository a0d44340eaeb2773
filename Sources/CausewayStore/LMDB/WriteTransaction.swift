import CLMDB

/// One write transaction, on the thread that began it; void unless committed.
struct WriteTransaction: ~Copyable {
    private let transaction: OpaquePointer
    private let handles: TableHandles

    /// - Throws: ``LMDBError``, `MDB_PANIC` when an earlier commit failed at its last step.
    init(_ environment: borrowing OpenEnvironment) throws(LMDBError) {
        var begun: OpaquePointer?
        try check(mdb_txn_begin(environment.pointer, nil, 0, &begun))
        guard let begun else { throw LMDBError(code: MDB_PANIC) }
        transaction = begun
        handles = environment.handles
    }

    deinit { mdb_txn_abort(transaction) }

    /// Returns once everything is on disk. LMDB frees the transaction whatever the result.
    consuming func commit() throws(LMDBError) {
        let transaction = transaction
        discard self
        try check(mdb_txn_commit(transaction))
    }

    /// Opens a database by name, made if it is not there.
    borrowing func database(_ name: String) throws(LMDBError) -> MDB_dbi {
        var database: MDB_dbi = 0
        try check(mdb_dbi_open(transaction, name, UInt32(MDB_CREATE), &database))
        return database
    }

    borrowing func meta(_ record: MetaRecord) throws(LMDBError) -> UInt64? {
        try get(handles.meta, record.key) { $0.flatMap(MetaRecord.read) }
    }

    mutating func setMeta(_ record: MetaRecord, _ value: UInt64) throws(LMDBError) {
        try put(handles.meta, record.key, withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }, 0)
    }

    private borrowing func get<R>(
        _ database: MDB_dbi, _ key: [UInt8], _ body: (UnsafeRawBufferPointer?) -> R
    ) throws(LMDBError) -> R {
        try key.withLMDBValue { key throws(LMDBError) in
            var value = MDB_val()
            let code = mdb_get(transaction, database, &key, &value)
            guard code != MDB_NOTFOUND else { return body(nil) }
            try check(code)
            return body(UnsafeRawBufferPointer(value))
        }
    }

    private borrowing func put(
        _ database: MDB_dbi, _ key: [UInt8], _ value: [UInt8], _ flags: Int32
    ) throws(LMDBError) {
        try key.withLMDBValue { key throws(LMDBError) in
            try value.withLMDBValue { value throws(LMDBError) in
                try check(mdb_put(transaction, database, &key, &value, UInt32(flags)))
            }
        }
    }
}

extension WriteTransaction: TableWriter {
    borrowing func withValue<R>(
        _ table: Table, _ key: [UInt8], _ body: (UnsafeRawBufferPointer?) -> R
    ) throws(LMDBError) -> R {
        try get(handles[table], key, body)
    }

    mutating func put(_ table: Table, _ key: [UInt8], _ value: [UInt8], ascending: Bool) throws(LMDBError) {
        guard ascending else { return try put(handles[table], key, value, 0) }
        do throws(LMDBError) {
            try put(handles[table], key, value, MDB_APPEND)
        } catch let error where error.code == MDB_KEYEXIST {
            // Another shard, or the key itself, stands above: LMDB refused before it changed anything.
            try put(handles[table], key, value, 0)
        }
    }

    mutating func delete(_ table: Table, _ key: [UInt8]) throws(LMDBError) {
        try key.withLMDBValue { key throws(LMDBError) in
            let code = mdb_del(transaction, handles[table], &key, nil)
            guard code != MDB_NOTFOUND else { return }
            try check(code)
        }
    }

    mutating func deletePrefix(_ table: Table, _ prefix: [UInt8], limit: Int) throws(LMDBError) {
        var opened: OpaquePointer?
        try check(mdb_cursor_open(transaction, handles[table], &opened))
        defer { mdb_cursor_close(opened) }
        try prefix.withLMDBValue { wanted throws(LMDBError) in
            var key = wanted
            var value = MDB_val()
            var step = MDB_SET_RANGE
            for _ in 0..<limit {
                let code = mdb_cursor_get(opened, &key, &value, step)
                guard code != MDB_NOTFOUND else { return }
                try check(code)
                guard hasPrefix(UnsafeRawBufferPointer(key), UnsafeRawBufferPointer(wanted)) else { return }
                try check(mdb_cursor_del(opened, 0))
                step = MDB_NEXT
            }
        }
    }
}
