package import CausewayCore
import Glibc
import Synchronization

/// A user of this machine that lives as long as a test, for sign-in by password and for lacking permissions.
///
/// Only root can make one. Users that a killed test left behind go when the next one is made.
package final class TestUser: Sendable {
    package let name: String
    package let password: String

    private static let prefix = "causeway-t"
    private static let lastNumber = Mutex(0)

    /// Whether this process may make users.
    package static var isPossible: Bool { geteuid() == 0 }

    package init(password: String = "correct horse battery staple") throws(CausewayError) {
        // One at a time: useradd locks the user database and gives up when somebody else has it for long.
        let failure = Self.lastNumber.withLock { number -> Result<String, CausewayError> in
            do throws(CausewayError) {
                if number == 0 { try Self.removeStale() }
                number += 1
                let name = "\(Self.prefix)\(getpid())-\(number)"
                try Command.run(["useradd", "--no-create-home", "--home-dir", "/tmp", "--shell", "/bin/sh", name])
                try Command.run(["chpasswd"], input: "\(name):\(password)\n")
                return .success(name)
            } catch {
                return .failure(error)
            }
        }
        name = try failure.get()
        self.password = password
    }

    deinit {
        let name = name
        Self.lastNumber.withLock { _ in Self.remove(name) }
    }

    private static func remove(_ name: String) {
        // What cannot be removed now is removed as stale.
        _ = try? Command.run(["userdel", "--force", name])
    }

    private static func removeStale() throws(CausewayError) {
        for line in try Command.run(["getent", "passwd"]).split(separator: "\n") {
            let name = line.prefix { $0 != ":" }
            guard name.hasPrefix(prefix), let pid = Int32(name.dropFirst(prefix.count).prefix { $0 != "-" }) else {
                continue
            }
            if kill(pid, 0) != 0, errno == ESRCH { remove(String(name)) }
        }
    }
}
