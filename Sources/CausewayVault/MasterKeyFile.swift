package import CausewayCore
import Glibc

/// The file that holds the master key, and beside it, during a rotation, the next one.
///
/// Rotation: ``stage(_:)`` puts the new key beside the old one; then one transaction of the store replaces every sealed
/// value and the check value; then ``promote()`` puts the new key in place. At a start the check value tells which of
/// the two keys is the right one, so a crash at any instant between loses neither (see ``MasterKeySource/open``).
package struct MasterKeyFile: Hashable, Sendable {
    package let path: String
    /// Whether access rights are checked: not for files that systemd provides and protects in its own way.
    let isOurs: Bool

    package init(_ path: String) { self.init(path, isOurs: true) }
    init(_ path: String, isOurs: Bool) {
        self.path = path
        self.isOurs = isOurs
    }

    /// The key that takes over at the end of a rotation.
    var next: MasterKeyFile { MasterKeyFile(path + ".next", isOurs: isOurs) }

    /// The key; nil when there is no file.
    ///
    /// - Throws: ``CausewayError``: `MASTER_KEY_EXPOSED` (failed precondition) when others may read the file or it is
    ///   not ours, `MASTER_KEY_MALFORMED` (invalid argument), `MASTER_KEY_UNREADABLE` (failed precondition).
    package func read() throws(CausewayError) -> MasterKey? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw unreadable("cannot be opened")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable("cannot be examined") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw exposed("is not a regular file") }
        if isOurs {
            guard status.st_uid == geteuid() || status.st_uid == 0 else {
                throw exposed("belongs to user \(status.st_uid)")
            }
            guard status.st_mode & 0o077 == 0 else { throw exposed("can be read by others; run chmod 0600 on it") }
        }
        var bytes = [UInt8](repeating: 0, count: 256)
        defer { wipe(&bytes) }
        var count = 0
        while count < bytes.count {
            let (start, room) = (count, bytes.count - count)
            let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress?.advanced(by: start), room) }
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                throw unreadable("cannot be read")
            }
            count += got
        }
        return try MasterKey(text: Secret(bytes[..<count]))
    }

    /// Writes `key` durably to a file that must not exist yet.
    ///
    /// - Throws: ``CausewayError``: `MASTER_KEY_UNWRITABLE` (failed precondition); also when the file exists.
    package func create(_ key: MasterKey) throws(CausewayError) {
        let temporary = path + ".tmp"
        try writeTemporary(key, to: temporary)
        defer { unlink(temporary) }
        // link(2) never replaces a file, rename(2) would.
        guard link(temporary, path) == 0 else { throw unwritable("cannot be put in place") }
        try syncFolder()
    }

    /// Puts the next key beside this one, durably, replacing one that was left over.
    package func stage(_ key: MasterKey) throws(CausewayError) {
        let temporary = next.path + ".tmp"
        try writeTemporary(key, to: temporary)
        guard rename(temporary, next.path) == 0 else { throw unwritable("has no room for the next key beside it") }
        try syncFolder()
    }

    /// Puts the next key in the place of this one, durably. The old key is gone.
    package func promote() throws(CausewayError) {
        guard rename(next.path, path) == 0 else { throw unwritable("cannot be replaced by the next key") }
        try syncFolder()
    }

    /// Removes the next key, if there is one: the rotation did not take place.
    package func unstage() throws(CausewayError) {
        guard unlink(next.path) == 0 || errno == ENOENT else { throw unwritable("has a next key that stays") }
        try syncFolder()
    }

    private func writeTemporary(_ key: MasterKey, to temporary: String) throws(CausewayError) {
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw unwritable("cannot be made") }
        let text = key.text
        let written = text.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let isWhole = written == text.count && fsync(descriptor) == 0
        let error = errno
        close(descriptor)
        guard isWhole else {
            unlink(temporary)
            errno = error
            throw unwritable("cannot be written")
        }
    }

    private func syncFolder() throws(CausewayError) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unwritable("is in a folder that cannot be opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw unwritable("is in a folder that cannot be synced") }
    }

    private func exposed(_ what: String) -> CausewayError {
        CausewayError(
            .failedPrecondition, reason: "MASTER_KEY_EXPOSED",
            "The master key file \(path) \(what).", metadata: ["path": path])
    }
    private func unreadable(_ what: String) -> CausewayError { failure("MASTER_KEY_UNREADABLE", what) }
    private func unwritable(_ what: String) -> CausewayError { failure("MASTER_KEY_UNWRITABLE", what) }
    private func failure(_ reason: String, _ what: String) -> CausewayError {
        let code = errno
        return CausewayError(
            .failedPrecondition, reason: reason,
            "The master key file \(path) \(what): \(String(cString: strerror(code))).",
            metadata: ["path": path, "errno": "\(code)"])
    }
}
