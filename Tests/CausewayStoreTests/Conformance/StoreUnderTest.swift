import CausewayCore
import CausewayStore
import Glibc
import Synchronization
import Testing

/// The stores that must behave alike.
enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case memory, lmdb
    var testDescription: String { rawValue }

    /// Runs `body` with an empty store of this kind.
    func with<T>(_ body: (any Store) async throws -> T) async throws -> T {
        switch self {
        case .memory: return try await body(MemoryStore())
        case .lmdb:
            return try await withTemporaryFolder { folder in
                let store = try LMDBStore.open(at: folder + "/store", clock: SystemClock())
                defer { store.close() }
                return try await body(store)
            }
        }
    }
}

/// The machine's clocks.
struct SystemClock: CausewayClock {
    var now: Timestamp { Timestamp(micros: 0) }
    var uptime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}

/// Runs `body` with a folder of its own, removed after.
func withTemporaryFolder<T>(_ body: (String) async throws -> T) async throws -> T {
    var template = Array("/tmp/causeway-store-test.XXXXXX".utf8CString)
    let made = template.withUnsafeMutableBufferPointer { buffer in
        buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
    }
    let folder = try #require(made)
    defer { removeTree(folder) }
    return try await body(folder)
}

private func removeTree(_ path: String) {
    if let folder = opendir(path) {
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { removeTree(path + "/" + name) }
        }
        closedir(folder)
    }
    remove(path)
}

extension ShardID {
    static let one = ShardID(high: 1, low: 1)
    static let two = ShardID(high: 2, low: 2)
}

extension CommitUnit {
    /// A unit of `shard` in epoch 1.
    init(_ shard: ShardID, epoch: UInt64 = 1, _ mutations: [Mutation] = []) {
        self.init(Ownership(shard: shard, epoch: epoch), mutations)
    }
}

/// Every entry of every table.
func contents(_ store: any Store) throws -> [String: [[[UInt8]]]] {
    try store.read { transaction in
        var tables: [String: [[[UInt8]]]] = [:]
        for table in Table.allCases {
            var entries: [[[UInt8]]] = []
            try transaction.scan(table, KeyRange(from: [], upTo: nil)) { key, value in
                entries.append([[UInt8](key), [UInt8](value)])
                return .next
            }
            tables[table.name] = entries
        }
        return tables
    }
}

/// The reason of the ``CausewayError`` that `body` throws.
func reason(_ body: () async throws -> some Any) async -> String? {
    do {
        _ = try await body()
        return nil
    } catch {
        return (error as? CausewayError)?.reason ?? "not ours: \(error)"
    }
}

/// Runs `body`, which may block, on a thread of its own.
func onOwnThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    return try await withCheckedThrowingContinuation { continuation in
        let box = RunBox { continuation.resume(with: Result { try body() }) }
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<RunBox>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, Unmanaged.passRetained(box).toOpaque())
        precondition(code == 0, "pthread_create failed with \(code)")
        pthread_detach(thread)
    }
}

private final class RunBox: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Commits from synchronous code and waits; only inside ``onOwnThread(_:)``.
func commitAndWait(_ unit: CommitUnit, _ store: any Store) throws {
    let done = Mutex<Result<CommitReceipt, CausewayError>?>(nil)
    let semaphore = Semaphore()
    Task.detached {
        let result: Result<CommitReceipt, CausewayError>
        do throws(CausewayError) {
            result = .success(try await store.commit(unit))
        } catch {
            result = .failure(error)
        }
        done.withLock { $0 = result }
        semaphore.signal()
    }
    semaphore.wait()
    _ = try done.withLock { $0 }?.get()
}

/// A semaphore for threads that may block.
final class Semaphore: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    init() { sem_init(semaphore, 0, 0) }
    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }
    func signal() { sem_post(semaphore) }
    func wait() { while sem_wait(semaphore) != 0 {} }
}
