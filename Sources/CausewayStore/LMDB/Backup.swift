import CLMDB
package import CausewayCore
import Glibc

/// How far a backup is.
package struct BackupProgress: Hashable, Sendable {
    /// Bytes of the copy so far.
    package var copied: UInt64
    /// Bytes that it will have, about.
    package var expected: UInt64
}

extension LMDBStore {
    /// Copies the store, while it is used, to a new folder laid out like the store's own: a daemon may be started on it.
    ///
    /// The copy is one consistent snapshot. It stands under its name only when it is whole, checked and on disk. Blocks
    /// for as long as it takes; call from a thread that may. It is one long read: the file may grow meanwhile. It
    /// cannot be cancelled.
    ///
    /// - Parameters:
    ///   - path: must not exist; its parent must.
    ///   - check: called with the folder of the finished copy before it gets its name; see ``VerifierProcess``.
    ///   - progress: called on the caller's thread, a few times a second.
    /// - Throws: ``CausewayError``: `ALREADY_EXISTS`, `BACKUP_FAILED`, or what `check` throws.
    package func backUp(
        to path: String, check: (_ folder: String) throws(CausewayError) -> Void = { _ throws(CausewayError) in },
        progress: (BackupProgress) -> Void = { _ in }
    ) throws(CausewayError) {
        guard access(path, F_OK) != 0 else {
            throw CausewayError(
                .alreadyExists, reason: "ALREADY_EXISTS", "\(path) exists already; a backup needs a name of its own.",
                metadata: ["path": path])
        }
        let figures = try figures()
        let copy = BackupCopy(path)
        do throws(CausewayError) {
            try copy.make(of: try current(), expected: figures.usedBytes, progress)
            try check(copy.unfinished)
            try copy.finish()
        } catch {
            copy.remove()
            throw error
        }
    }
}

/// A backup on its way.
private struct BackupCopy {
    let path: String
    var unfinished: String { path + ".unfinished" }
    private var data: String { unfinished + "/data" }
    private var file: String { data + "/data.mdb" }

    init(_ path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    func make(
        of shared: SharedEnvironment, expected: UInt64, _ progress: (BackupProgress) -> Void
    ) throws(CausewayError) {
        remove()
        guard mkdir(unfinished, 0o700) == 0, mkdir(data, 0o700) == 0 else { throw failed(errno) }
        let descriptor = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failed(errno) }
        defer { close(descriptor) }
        let result = Monitor<Int32?>(nil)
        do throws(LMDBError) {
            let thread = try StoreThread {
                let code = Self.copy(shared, to: descriptor)
                result.update { $0 = code }
            }
            defer { thread.join() }
            while result.wait(milliseconds: 200, { $0 }) == nil {
                var found = stat()
                guard fstat(descriptor, &found) == 0 else { continue }
                let copied = UInt64(found.st_size)
                progress(BackupProgress(copied: copied, expected: max(copied, expected)))
            }
            try CausewayStore.check(result.wait { $0 })
        } catch {
            throw failed(error.code)
        }
        guard fsync(descriptor) == 0 else { throw failed(errno) }
        var found = stat()
        guard fstat(descriptor, &found) == 0 else { throw failed(errno) }
        progress(BackupProgress(copied: UInt64(found.st_size), expected: UInt64(found.st_size)))
        try syncFolder(data)
        try syncFolder(unfinished)
    }

    func finish() throws(CausewayError) {
        guard rename(unfinished, path) == 0 else { throw failed(errno) }
        try syncFolder(parent(of: path))
    }

    func remove() {
        unlink(file)
        rmdir(data)
        rmdir(unfinished)
    }

    /// Without free pages; with them when LMDB finds that its count of pages is off.
    private static func copy(_ shared: SharedEnvironment, to descriptor: Int32) -> Int32 {
        let compact = mdb_env_copyfd2(shared.environment.pointer, descriptor, UInt32(MDB_CP_COMPACT))
        guard compact == MDB_INCOMPATIBLE else { return compact }
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { return errno }
        return mdb_env_copyfd2(shared.environment.pointer, descriptor, 0)
    }

    private func failed(_ code: Int32) -> CausewayError {
        let isFull = [ENOSPC, EDQUOT].contains(code)
        return CausewayError(
            isFull ? .resourceExhausted : .failedPrecondition, reason: "BACKUP_FAILED",
            "The backup to \(path) failed; the store itself is not touched. "
                + (isFull
                    ? "Make room there, or choose another folder." : "Look at the cause, or choose another folder."),
            metadata: ["path": path], cause: LMDBError(code: code))
    }
}
