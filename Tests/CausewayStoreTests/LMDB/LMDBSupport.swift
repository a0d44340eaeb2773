import CausewayCore
import CausewayStore
import Glibc
import Synchronization
import Testing

/// Opens a store in `folder`.
func openStore(
    _ folder: String, options: StoreOptions = StoreOptions(), hooks: StoreHooks = StoreHooks()
) throws(CausewayError) -> LMDBStore {
    try LMDBStore.open(at: folder + "/store", clock: SystemClock(), options: options, hooks: hooks)
}

/// `causeway-store-exercise`, built beside the tests.
var exercise: String {
    var target = [CChar](repeating: 0, count: 4_096)
    let length = max(0, readlink("/proc/self/exe", &target, target.count))
    // The bundle itself on Linux, or the helper of the package manager that loads it, whose first argument names it.
    let own = String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? own
    return String(bundle[..<(bundle.lastIndex(of: "/") ?? bundle.startIndex)]) + "/causeway-store-exercise"
}

/// A gate on the writer's thread: each transaction waits there until it is let through.
final class WriterGate: Sendable {
    private let arrived = Semaphore()
    private let released = Semaphore()
    private let groups = Mutex<[Int]>([])
    private let isOpen = Mutex(false)

    /// Changes in each transaction so far.
    var sizes: [Int] { groups.withLock { $0 } }

    var hooks: StoreHooks {
        var hooks = StoreHooks()
        hooks.beforeTransaction = { count in
            self.groups.withLock { $0.append(count) }
            guard !self.isOpen.withLock({ $0 }) else { return }
            self.arrived.signal()
            self.released.wait()
        }
        return hooks
    }

    /// Returns when the writer stands at the gate.
    func waitUntilReached() async throws {
        try await onOwnThread { self.arrived.wait() }
    }

    /// Lets the writer go, now and from now on.
    func open() {
        isOpen.withLock { $0 = true }
        released.signal()
    }
}

/// Mode bits of a path.
func mode(_ path: String) -> mode_t {
    var found = stat()
    guard stat(path, &found) == 0 else { return 0 }
    return found.st_mode & 0o777
}

/// Overwrites bytes of a file that nobody has open.
func overwrite(_ path: String, at offset: Int, _ bytes: [UInt8]) throws {
    let descriptor = open(path, O_RDWR)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    #expect(pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count)
}
