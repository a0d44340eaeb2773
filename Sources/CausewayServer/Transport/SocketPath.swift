import CausewayCore
@preconcurrency import Glibc

/// The file system's side of the listener: its folder, its socket file, and what an earlier daemon left.
package enum SocketPath {
    /// Bytes of a path that fit in a sockaddr_un, the NUL not counted (unix(7)).
    package static let longest = 107

    /// A listening socket, bound to a path.
    struct Listening {
        let descriptor: Int32
        let device: UInt
        let inode: UInt
    }

    /// Binds and listens. The socket file has `mode` from its first moment on; a folder that is missing is made 0700.
    ///
    /// - Throws: FAILED_PRECONDITION when the place is unsafe or taken, INVALID_ARGUMENT for a path that cannot be one.
    static func listen(at path: String, mode: UInt32, backlog: Int32) throws(CausewayError) -> Listening {
        guard !path.isEmpty, path.utf8.count <= longest, !path.utf8.contains(0) else {
            throw CausewayError(
                .invalidArgument, reason: "SOCKET_PATH_TOO_LONG",
                "The socket path \(path) has \(path.utf8.count) bytes; it may have 1 to \(longest). Choose another.",
                metadata: ["path": path])
        }
        try prepareFolder(of: path)
        try removeStale(path)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("make a socket for", path) }
        do throws(CausewayError) {
            // The mode of the file that bind makes is the descriptor's, less the umask: no moment of wider access, and
            // no change of the process's umask under other threads.
            guard fchmod(descriptor, mode) == 0, bindSocket(descriptor, to: path) == 0 else {
                throw failure("bind to", path)
            }
            var found = stat()
            guard lstat(path, &found) == 0, Glibc.listen(descriptor, backlog) == 0 else {
                throw failure("listen on", path)
            }
            // The umask may have taken what others were to be given.
            if found.st_mode & 0o777 != mode, chmod(path, mode) != 0 { throw failure("open to others", path) }
            return Listening(descriptor: descriptor, device: UInt(found.st_dev), inode: UInt(found.st_ino))
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Removes the socket file if it is still the one that was bound.
    static func remove(_ path: String, device: UInt, inode: UInt) {
        var found = stat()
        guard lstat(path, &found) == 0, UInt(found.st_dev) == device, UInt(found.st_ino) == inode else { return }
        unlink(path)
    }

    private static func prepareFolder(of path: String) throws(CausewayError) {
        let folder = folder(of: path)
        if mkdir(folder, 0o700) != 0, errno != EEXIST { throw failure("make the folder of", path) }
        var found = stat()
        guard stat(folder, &found) == 0 else { throw failure("look at the folder of", path) }
        let isOurs = found.st_uid == geteuid() || found.st_uid == 0
        guard found.st_mode & S_IFMT == S_IFDIR, isOurs, found.st_mode & 0o022 == 0 else {
            throw unsafe(
                "The socket's folder \(folder) can be written by others; give it to the daemon's user with mode 0700.",
                folder)
        }
    }

    /// An earlier daemon's socket is removed; anything else that is in the way is left alone.
    private static func removeStale(_ path: String) throws(CausewayError) {
        var found = stat()
        guard lstat(path, &found) == 0 else {
            if errno == ENOENT { return }
            throw failure("look at", path)
        }
        guard found.st_mode & S_IFMT == S_IFSOCK, found.st_uid == geteuid() else {
            throw unsafe("\(path) is not a socket of the daemon's user; move it away or choose another path.", path)
        }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw failure("make a socket for", path) }
        defer { close(probe) }
        guard withAddress(of: path, { connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED else {
            throw CausewayError(
                .failedPrecondition, reason: "ALREADY_RUNNING",
                "Another daemon listens on \(path); stop it first, or choose another path.", metadata: ["path": path])
        }
        guard unlink(path) == 0 else { throw failure("remove", path) }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func bindSocket(_ descriptor: Int32, to path: String) -> Int32 {
        withAddress(of: path) { bind(descriptor, $0, $1) }
    }

    /// Calls `body` with the path's address. The path fits.
    private static func withAddress<R>(
        of path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
    ) -> R {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func failure(_ what: String, _ path: String) -> CausewayError {
        let reason = String(cString: strerror(errno))
        return CausewayError(
            .failedPrecondition, reason: "SOCKET_UNAVAILABLE", "Could not \(what) \(path): \(reason).",
            metadata: ["path": path, "problem": reason])
    }

    private static func unsafe(_ message: String, _ path: String) -> CausewayError {
        CausewayError(.failedPrecondition, reason: "SOCKET_UNSAFE", message, metadata: ["path": path])
    }
}
