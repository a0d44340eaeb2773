package import CausewayCore
import Glibc

/// Tells systemd how the daemon is doing, sd_notify(3). Says nothing where nobody asks.
package struct Notifier: Sendable {
    private let address: String?
    /// Half of the time within which systemd wants to hear of us; nil: it does not.
    package let watchdogInterval: Duration?

    /// - Parameter process: our own id; a watchdog meant for another process is not ours.
    package init(environment: [String: String], process: Int32) {
        address = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isOurs = environment["WATCHDOG_PID"].map { Int32($0) == process } ?? true
        watchdogInterval = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap {
            isOurs && $0 > 1 ? .microseconds($0 / 2) : nil
        }
    }

    package func ready() { send("READY=1\nSTATUS=Serving") }
    package func stopping(_ why: String) { send("STOPPING=1\nSTATUS=\(Self.oneLine(why))") }
    package func status(_ text: String) { send("STATUS=\(Self.oneLine(text))") }
    package func alive() { send("WATCHDOG=1") }

    /// Tells systemd that the daemon is alive for as long as it is: runs until its task is cancelled.
    ///
    /// - Parameter isAlive: returns true once the root actor has answered. While it hangs nothing is sent, and systemd
    ///   restarts the daemon.
    package func keepWatch(_ clock: any CausewayClock, isAlive: @Sendable () async -> Bool) async {
        guard let watchdogInterval else { return }
        while !Task.isCancelled {
            if await isAlive() { alive() }
            do { try await clock.sleep(for: watchdogInterval) } catch { return }
        }
    }

    /// A message that cannot be sent is dropped: systemd's own timeouts say what that means.
    private func send(_ message: String) {
        guard let address else { return }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(address.utf8)
        let fits = withUnsafeMutableBytes(of: &name.sun_path) { path in
            guard bytes.count < path.count else { return false }
            path.copyBytes(from: bytes)
            // The abstract namespace is written with "@" and begins with NUL.
            if bytes.first == UInt8(ascii: "@") { path[0] = 0 }
            return true
        }
        guard fits else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        _ = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                Array(message.utf8).withUnsafeBytes { text in
                    sendto(descriptor, text.baseAddress, text.count, Int32(MSG_NOSIGNAL), target, length)
                }
            }
        }
    }

    private static func oneLine(_ text: String) -> String {
        var line = ""
        LogText.message(text, to: &line)
        return line
    }
}
