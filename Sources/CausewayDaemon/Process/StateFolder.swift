import CausewayCore
import Glibc

/// The folder of everything that the daemon keeps.
enum StateFolder {
    /// Makes the folder with those above it, and checks that nobody else can get at it.
    ///
    /// - Throws: ``CausewayError`` (failed precondition, `STATE_DIRECTORY_UNUSABLE`).
    static func prepare(_ path: String) throws(CausewayError) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard mkdir(made, 0o700) != 0, errno != EEXIST else { continue }
            // A folder that is there may well lie in one that cannot be written.
            var status = stat()
            guard stat(made, &status) == 0 else { throw unusable(path, "cannot be made") }
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw unusable(path, "is no folder") }
        guard status.st_uid == geteuid() else {
            throw unusable(path, "belongs to user \(status.st_uid), not to \(geteuid())", errno: 0)
        }
        guard status.st_mode & 0o077 == 0 else {
            throw unusable(path, "is open to other users; run chmod 0700 on it", errno: 0)
        }
        guard access(path, W_OK | X_OK) == 0 else { throw unusable(path, "cannot be written") }
    }

    private static func unusable(_ path: String, _ what: String, errno number: Int32 = errno) -> CausewayError {
        let why = number == 0 ? "" : " (\(String(cString: strerror(number))))"
        return CausewayError(
            .failedPrecondition, reason: "STATE_DIRECTORY_UNUSABLE",
            "The state directory \(path) \(what)\(why).", metadata: ["path": path])
    }
}
