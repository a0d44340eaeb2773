import CausewayCore
import Glibc

/// Waits for a socket on behalf of the call that a session works on, and no longer than that call is wanted.
///
/// Belongs to one thread.
final class SocketWaiter {
    let wake: WakeDescriptor
    /// Set when the session is to end, whatever it does.
    let closing: CancellationFlag
    /// The call that is worked on.
    var call: CancellationFlag?

    init(wake: WakeDescriptor, closing: CancellationFlag) {
        self.wake = wake
        self.closing = closing
    }

    /// Returns when the socket is ready, at each wake, and at the deadline.
    ///
    /// - Parameters:
    ///   - socket: -1 to wait for a wake alone.
    ///   - deadline: in the time of `monotonicNow`.
    /// - Returns: what there was.
    /// - Throws: ``CausewayError`` (cancelled) when the call, or the session, is given up.
    func wait(for events: Int32, on socket: Int32, until deadline: Duration) throws(CausewayError) -> Event {
        guard !closing.isCancelled, call?.isCancelled != true else { throw .cancelled }
        let left = deadline - monotonicNow()
        guard left > .zero else { return .deadline }
        let milliseconds = Int32(clamping: left.milliseconds + 1)
        return withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { entries in
            entries.initialize(repeating: pollfd(fd: socket, events: Int16(events), revents: 0))
            entries[1] = pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)
            // A signal handler's EINTR is one more reason to look at the flags again.
            guard poll(entries.baseAddress, 2, milliseconds) > 0 else { return .woken }
            if entries[1].revents != 0 { wake.drain() }
            return entries[0].revents != 0 ? .ready : .woken
        }
    }

    enum Event {
        case ready
        case woken
        case deadline
    }
}
