package import CausewayCore
import Glibc
import Synchronization

/// A TCP proxy on a free port of 127.0.0.1 that fails as it is told. It has a thread of its own, and ends with
/// ``stop()`` or the last reference.
package final class FaultProxy: Sendable {
    /// What happens to a connection.
    package enum Fault: Hashable, Sendable {
        /// Nothing.
        case none
        /// It is reset once that many bytes of the server, or of the client, went through.
        case cut(afterServerBytes: Int = .max, afterClientBytes: Int = .max)
        /// No byte of the server goes through any more after that many, and the connection stays.
        case stall(afterServerBytes: Int)
        /// It is reset when it is made.
        case reset
    }

    package let port: UInt16
    private let shared: Shared

    /// - Parameter target: the port of 127.0.0.1 that connections go on to.
    package init(target: UInt16) throws(CausewayError) {
        let listener = try LoopbackSocket.listen(on: 0)
        port = try LoopbackSocket.port(of: listener)
        shared = try Shared(target: target, listener: listener, port: port)
        let box = Unmanaged.passRetained(shared)
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let shared = Unmanaged<Shared>.fromOpaque(argument).takeRetainedValue()
                var loop = ProxyLoop(shared)
                loop.run()
                return nil
            }, box.toOpaque())
        guard failure == 0 else {
            box.release()
            throw .fixture("no thread: errno \(failure)")
        }
        pthread_detach(thread)
    }

    deinit { stop() }

    /// Sets the faults of the connections to come, the first one's first; those after them have none.
    package func plan(_ faults: Fault...) { shared.change { $0.faults = faults } }

    /// Sends the connections to come to another server.
    package func retarget(_ port: UInt16) { shared.change { $0.target = port } }

    /// Whether connections are refused. The port is kept for later.
    package func refuse(_ isRefusing: Bool) { shared.change { $0.isListening = !isRefusing } }

    /// Resets the connections that there are.
    package func cutAll() { shared.change { $0.cuts += 1 } }

    package func stop() { shared.change { $0.isOver = true } }

    /// Connections made so far.
    package var connections: Int { shared.state.withLock { $0.connections } }

    /// Bytes that came from clients so far.
    package var clientBytes: Int { shared.state.withLock { $0.clientBytes } }

    /// Returns when a connection has stalled, or at once when one has.
    package func waitUntilStalled() async { await shared.wait(for: .stall) }

    /// Returns when that many bytes have come from clients.
    package func waitUntil(clientBytes: Int) async { await shared.wait(for: .clientBytes(clientBytes)) }

    /// What the thread and those who steer it both see.
    final class Shared: Sendable {
        struct State {
            var target: UInt16
            var faults: [Fault] = []
            var isListening = true
            var isOver = false
            var cuts = 0
            var connections = 0
            var hasStalled = false
            var clientBytes = 0
            var waiters: [(condition: Condition, continuation: CheckedContinuation<Void, Never>)] = []

            func holds(_ condition: Condition) -> Bool {
                switch condition {
                case .stall: hasStalled
                case .clientBytes(let count): clientBytes >= count
                }
            }
        }

        enum Condition: Sendable {
            case stall
            case clientBytes(Int)
        }

        let state: Mutex<State>
        let listener: Int32
        let port: UInt16
        let wakeReader: Int32
        private let wakeWriter: Int32

        init(target: UInt16, listener: Int32, port: UInt16) throws(CausewayError) {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw .fixture("no pipe: errno \(errno)") }
            for end in ends {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                LoopbackSocket.setNonBlocking(end)
            }
            (wakeReader, wakeWriter) = (ends[0], ends[1])
            self.listener = listener
            self.port = port
            state = Mutex(State(target: target))
        }

        deinit {
            close(wakeReader)
            close(wakeWriter)
        }

        func wait(for condition: Condition) async {
            await withCheckedContinuation { continuation in
                let holds = state.withLock { state in
                    let holds = state.holds(condition)
                    if !holds { state.waiters.append((condition, continuation)) }
                    return holds
                }
                if holds { continuation.resume() }
            }
        }

        /// Notes what happened on the thread, and wakes those who waited for it.
        func note(_ body: (inout State) -> Void) {
            let woken = state.withLock { state in
                body(&state)
                let waiters = state.waiters
                state.waiters = waiters.filter { !state.holds($0.condition) }
                return waiters.filter { state.holds($0.condition) }.map(\.continuation)
            }
            for continuation in woken { continuation.resume() }
        }

        /// Tells the thread what to do.
        func change(_ body: (inout State) -> Void) {
            state.withLock { body(&$0) }
            var byte: UInt8 = 1
            _ = write(wakeWriter, &byte, 1)
        }
    }
}
