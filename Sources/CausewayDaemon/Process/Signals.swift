import CLinux
package import CausewayCore
import Glibc

/// Turns the signals that end a daemon into calls on an ordinary thread.
///
/// The handler only writes the signal's number into a pipe, so it may interrupt anything.
package enum Signals {
    /// Signals that ask for an end: of systemd, of the terminal, of a terminal that closes.
    private static let ending: [(Int32, String)] = [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT"), (SIGHUP, "SIGHUP")]

    /// Calls `handler` with the name of each signal that asks for an end, from a thread of its own, for the rest of the
    /// process's life. Writing to a closed pipe or socket is an error from then on and no longer a signal.
    ///
    /// To be called once.
    ///
    /// - Throws: ``CausewayError`` (resource exhausted) when the process gets no pipe or no thread.
    package static func handle(_ handler: @escaping @Sendable (String) -> Void) throws(CausewayError) {
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends) == 0 else { throw unavailable(errno) }
        let watcher = Unmanaged.passRetained(Watcher(descriptor: ends[0], handler: handler))
        let failure = clinux_start_thread("signals", 512 << 10, runWatcher, watcher.toOpaque())
        guard failure == 0 else {
            watcher.release()
            throw unavailable(failure)
        }
        pipeEnd = ends[1]
        signal(SIGPIPE, SIG_IGN)
        for (number, _) in ending { signal(number, forward) }
    }

    fileprivate static func name(of number: UInt8) -> String {
        ending.first { $0.0 == Int32(number) }?.1 ?? "signal \(number)"
    }

    private static func unavailable(_ number: Int32) -> CausewayError {
        CausewayError(
            .resourceExhausted, reason: "NO_THREADS",
            "Signals cannot be handled: \(String(cString: clinux_error_text(number))).")
    }
}

/// Where the handler writes. Set before the handler is installed, then never again.
private nonisolated(unsafe) var pipeEnd: Int32 = -1

private func forward(_ number: Int32) {
    let error = errno
    var byte = UInt8(truncatingIfNeeded: number)
    write(pipeEnd, &byte, 1)
    errno = error
}

private final class Watcher: Sendable {
    private let descriptor: Int32
    private let handler: @Sendable (String) -> Void

    init(descriptor: Int32, handler: @escaping @Sendable (String) -> Void) {
        self.descriptor = descriptor
        self.handler = handler
    }

    func run() {
        var byte: UInt8 = 0
        while true {
            let count = read(descriptor, &byte, 1)
            if count == 1 {
                handler(Signals.name(of: byte))
            } else if count == 0 || errno != EINTR {
                return
            }
        }
    }
}

private func runWatcher(_ watcher: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let watcher else { return nil }
    Unmanaged<Watcher>.fromOpaque(watcher).takeRetainedValue().run()
    return nil
}
