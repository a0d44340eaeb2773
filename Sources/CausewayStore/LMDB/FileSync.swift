import CausewayCore
import Glibc

/// The folder that holds `path`.
func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// Brings the entries of a folder to disk.
///
/// - Throws: ``CausewayError`` `STORE_IO`.
func syncFolder(_ path: String) throws(CausewayError) {
    try sync(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
}

/// Brings the bytes of a closed file to disk. Never for the files of an open environment: closing any descriptor of
/// them drops LMDB's locks.
///
/// - Throws: ``CausewayError`` `STORE_IO`.
func syncFile(_ path: String) throws(CausewayError) {
    try sync(path, O_RDONLY | O_CLOEXEC)
}

private func sync(_ path: String, _ flags: Int32) throws(CausewayError) {
    let descriptor = open(path, flags)
    guard descriptor >= 0 else { throw .storeIO(LMDBError(code: errno)) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .storeIO(LMDBError(code: errno)) }
}

/// Room of a file system, in bytes.
struct DiskRoom {
    var free: UInt64
    var total: UInt64

    /// Nil when it cannot be told.
    init?(_ path: String) {
        var found = statvfs()
        guard statvfs(path, &found) == 0 else { return nil }
        free = UInt64(found.f_bavail) * UInt64(found.f_frsize)
        total = UInt64(found.f_blocks) * UInt64(found.f_frsize)
    }
}
