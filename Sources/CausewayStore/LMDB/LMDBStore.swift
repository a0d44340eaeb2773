package import CausewayCore
import Synchronization

/// The store on LMDB: one folder, one process, one writer on its own thread, readers on any thread.
package final class LMDBStore: Store {
    /// Where it is.
    package let path: String
    /// Empty once closed.
    private let environment: Mutex<SharedEnvironment?>
    let writer: Writer
    private let thread: StoreThread
    let readers: OpenReaders

    /// Opens the store in `directory`, made if it is not there; brings an older format up to date.
    ///
    /// - Parameters:
    ///   - directory: its parent must exist; it becomes 0700.
    ///   - onFatal: called once, on the writer's thread, when nothing can be written any more; the daemon should exit.
    ///     Reason `STORE_OUTCOME_UNKNOWN`: only a restart tells what the last changes became. Reason `STORE_IO`: the
    ///     disk failed again and again; reads still work.
    /// - Throws: ``CausewayError``. Reasons: `STORE_IN_USE`, `STORE_UNSUITABLE`, `STORE_FORMAT_TOO_NEW` (failed
    ///   precondition), `STORE_DAMAGED` (data loss), `STORE_FULL`, `STORE_IO`.
    package static func open(
        at directory: String, clock: any CausewayClock, options: StoreOptions = StoreOptions(),
        hooks: StoreHooks = StoreHooks(), onFatal: @escaping @Sendable (CausewayError) -> Void = { _ in }
    ) throws(CausewayError) -> LMDBStore {
        let folder = StoreFolder(directory)
        let lock = try folder.claim()
        do {
            try folder.createData { unfinished throws(CausewayError) in
                try create(in: unfinished, options: options, format: hooks.format)
            }
            var environment = try OpenEnvironment(
                folder: folder.data, lock: lock, options: options, extraFlags: hooks.unsafeFlags)
            _ = try environment.clearDeadReaders()
            try environment.openTables()
            try hooks.format.bring(environment)
            return try LMDBStore(folder, environment, clock, options, hooks, onFatal)
        } catch let error as LMDBError {
            throw error.whileOpening
        } catch {
            throw .wrapping(error)
        }
    }

    private init(
        _ folder: StoreFolder, _ environment: consuming OpenEnvironment, _ clock: any CausewayClock,
        _ options: StoreOptions, _ hooks: StoreHooks, _ onFatal: @escaping @Sendable (CausewayError) -> Void
    ) throws(LMDBError) {
        path = folder.path
        let shared = SharedEnvironment(environment, folder: folder.data)
        let writer = Writer(
            options: options, clock: clock, beforeTransaction: hooks.beforeTransaction, onFatal: onFatal)
        thread = try StoreThread { writer.run(on: shared) }
        self.writer = writer
        self.environment = Mutex(shared)
        readers = OpenReaders(clock)
    }

    deinit { close() }

    /// Takes no more changes, finishes those that wait, and closes the files when the last read ends. Blocks until the
    /// writer's thread has ended.
    package func close() {
        let shared = environment.withLock { environment in
            defer { environment = nil }
            return environment
        }
        guard shared != nil else { return }
        writer.close()
        thread.join()
    }

    package func read<T>(_ body: (borrowing ReadTransaction) throws -> T) throws -> T {
        let shared = try current()
        let reader = readers.begin()
        defer { readers.end(reader) }
        return try withSnapshot(shared) { try body(ReadTransaction($0)) }
    }

    @discardableResult
    package func commit(_ unit: CommitUnit) async throws(CausewayError) -> CommitReceipt {
        try UnitRules.check(unit)
        return CommitReceipt(position: try await writer.perform(.unit(unit)))
    }

    package func commit(together units: [CommitUnit]) async throws(CausewayError) {
        try UnitRules.check(together: units)
        guard !units.isEmpty else { return }
        _ = try await writer.perform(.units(units))
    }

    /// A new epoch, above all that were given before; durable when it returns.
    package func nextEpoch() async throws(CausewayError) -> UInt64 {
        try await writer.perform(.nextEpoch)
    }

    /// Changes that wait for the writer.
    package var waiting: Int { writer.waiting }

    /// Clears the slots of readers whose process died; the number cleared. Once a minute is often enough.
    package func clearDeadReaders() throws(CausewayError) -> Int {
        let shared = try current()
        do throws(LMDBError) {
            return try shared.environment.clearDeadReaders()
        } catch {
            throw error.whileReading
        }
    }

    /// - Throws: ``CausewayError`` `STORE_STOPPED` once closed.
    func current() throws(CausewayError) -> SharedEnvironment {
        guard let shared = environment.withLock({ $0 }) else { throw .storeStopped }
        return shared
    }

    func withSnapshot<T>(_ shared: SharedEnvironment, _ body: (LMDBView) throws -> T) throws -> T {
        let snapshot = try begin(shared)
        return try body(snapshot.view())
    }

    private func begin(_ shared: SharedEnvironment) throws(CausewayError) -> ReadSnapshot {
        do throws(LMDBError) {
            return try ReadSnapshot(shared.environment)
        } catch {
            throw error.whileReading
        }
    }

    /// Makes a new environment, closed again.
    private static func create(
        in folder: String, options: StoreOptions, format: StoreFormat
    ) throws(CausewayError) {
        do throws(LMDBError) {
            var environment = try OpenEnvironment(folder: folder, lock: nil, options: options)
            try environment.openTables()
            var transaction = try WriteTransaction(environment)
            try transaction.setMeta(.format, UInt64(format.current))
            try transaction.commit()
        } catch {
            throw error.whileOpening
        }
    }
}
