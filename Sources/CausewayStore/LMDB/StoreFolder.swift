import CLinux
import CausewayCore
import Glibc

/// The folder of a store: `causeway.lock`, and `data` with LMDB's two files.
struct StoreFolder {
    let path: String
    var data: String { path + "/data" }
    private var unfinished: String { path + "/data.unfinished" }
    private var lockFile: String { path + "/causeway.lock" }

    init(_ path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// Makes the folder if it is not there, for this user alone, and takes its lock.
    ///
    /// - Throws: ``CausewayError`` `STORE_IN_USE`, or `STORE_UNSUITABLE`.
    func claim() throws(CausewayError) -> FolderLock {
        if mkdir(path, 0o700) == 0 {
            try syncFolder(parent(of: path))
        } else if errno != EEXIST {
            throw .storeUnsuitable(path, "it cannot be made.", cause: LMDBError(code: errno))
        }
        var found = stat()
        guard stat(path, &found) == 0 else {
            throw .storeUnsuitable(path, "it cannot be looked at.", cause: LMDBError(code: errno))
        }
        guard found.st_mode & S_IFMT == S_IFDIR else { throw .storeUnsuitable(path, "it is not a folder.") }
        guard found.st_uid == geteuid() else { throw .storeUnsuitable(path, "it belongs to another user.") }
        if let refusal = FileSystemKind.refusal(clinux_filesystem_type(path)) { throw .storeUnsuitable(path, refusal) }
        if found.st_mode & 0o077 != 0, chmod(path, 0o700) != 0 {
            throw .storeUnsuitable(path, "its mode cannot be set to 0700.", cause: LMDBError(code: errno))
        }
        return try FolderLock(lockFile, of: path)
    }

    /// The lock where there is a lock file; a backup has none.
    ///
    /// - Throws: ``CausewayError`` `STORE_IN_USE`.
    func lockIfThere() throws(CausewayError) -> FolderLock? {
        access(lockFile, F_OK) == 0 ? try FolderLock(lockFile, of: path) : nil
    }

    /// Makes the environment by `make` in a folder beside, and renames it into place when it is whole and on disk.
    /// LMDB's own first write is not atomic, and it never syncs a folder.
    ///
    /// - Throws: what `make` throws, or ``CausewayError``.
    func createData(_ make: (_ folder: String) throws(CausewayError) -> Void) throws(CausewayError) {
        guard access(data, F_OK) != 0 else { return }
        try remove(unfinished)
        guard mkdir(unfinished, 0o700) == 0 else {
            throw .storeUnsuitable(path, "nothing can be made in it.", cause: LMDBError(code: errno))
        }
        try make(unfinished)
        try syncFile(unfinished + "/data.mdb")
        try syncFolder(unfinished)
        guard rename(unfinished, data) == 0 else { throw .storeIO(LMDBError(code: errno)) }
        try syncFolder(path)
    }

    private func remove(_ folder: String) throws(CausewayError) {
        for name in ["/data.mdb", "/lock.mdb"] { unlink(folder + name) }
        guard rmdir(folder) == 0 || errno == ENOENT else {
            throw .storeUnsuitable(
                path, "what an earlier start left in it cannot be removed.", cause: LMDBError(code: errno))
        }
    }
}

/// Keeps other processes, and a second store of this one, out of a folder as long as it lives.
final class FolderLock: Sendable {
    private let descriptor: Int32

    init(_ file: String, of folder: String) throws(CausewayError) {
        let opened = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else {
            throw .storeUnsuitable(folder, "its lock file cannot be opened.", cause: LMDBError(code: errno))
        }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let cause = errno
            defer { close(opened) }
            guard cause == EWOULDBLOCK else {
                throw .storeUnsuitable(folder, "its lock file cannot be locked.", cause: LMDBError(code: cause))
            }
            throw .storeInUse(folder, pid: Self.pid(in: opened))
        }
        // Only a help for people: the lock itself is what counts.
        let text = [UInt8]("\(getpid())\n".utf8)
        if ftruncate(opened, 0) == 0 { _ = text.withUnsafeBytes { pwrite(opened, $0.baseAddress, $0.count, 0) } }
        descriptor = opened
    }

    deinit {
        // A child that this process has forked and that has not come to its exec yet has the descriptor too, and with
        // it the lock: closing ours alone would leave the folder locked until then.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func pid(in descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}

/// File systems on which a memory map and its locks do not do what LMDB needs.
enum FileSystemKind {
    /// Why a store may not stand on the file system of this statfs(2) type; nil when it may.
    static func refusal(_ type: Int64) -> String? {
        let name: String? =
            switch type {
            case 0x6969: "NFS"
            case 0xFF53_4D42, 0xFE53_4D42, 0x517B: "CIFS"
            case 0x6573_5546: "FUSE"
            case 0x0102_1997: "9P"
            case 0x00C3_6400: "Ceph"
            case 0x5346_414F: "AFS"
            default: nil
            }
        return name.map { "it is on \($0), and a store needs a local file system such as ext4 or XFS." }
    }
}
