import CSSH2
import CausewayCore

extension SFTPChannel {
    /// Makes the folder `path` and those above it that are missing.
    ///
    /// libssh2_sftp_mkdir_ex: 0 or an error; a folder that is there already is a plain failure.
    func makeFolders(_ path: String) throws(CausewayError) {
        if let found = try statIfThere(path) {
            guard found.kind == .folder || found.kind == .unknown else {
                throw CausewayError(
                    .failedPrecondition, reason: "NOT_A_FOLDER", "\(path) on \(link.target.address) is not a folder.",
                    metadata: ["path": path])
            }
            return
        }
        if let slash = path.dropLast().lastIndex(of: "/"), slash != path.startIndex {
            try makeFolders(String(path[..<slash]))
        }
        do {
            try call(path, "make a folder") { libssh2_sftp_mkdir_ex(sftp, $0, $1, 0o750) }
        } catch {
            // Somebody else may have made it in between.
            guard error.reason == "SFTP_FAILURE" || error.code == .alreadyExists,
                try statIfThere(path)?.kind == .folder
            else { throw error }
        }
    }

    /// Renames to a name that is free; the protocol gives no way to say so, so another writer may come in between.
    ///
    /// libssh2_sftp_rename_ex: 0 or an error; a name that is taken is a plain failure.
    ///
    /// - Throws: ``CausewayError``: already exists when `target` is taken.
    func rename(_ path: String, to target: String) throws(CausewayError) {
        if try statIfThere(target) != nil { throw alreadyExists(target) }
        let name = try encoded(target)
        do {
            try call(path, "move a file") { source, length in
                name.withUnsafeBytes { bytes in
                    libssh2_sftp_rename_ex(
                        sftp, source, length, bytes.assumingMemoryBound(to: CChar.self).baseAddress,
                        UInt32(bytes.count), 0)
                }
            }
        } catch {
            guard error.reason == "SFTP_FAILURE" else { throw error }
            if try statIfThere(target) != nil { throw alreadyExists(target) }
            throw CausewayError(
                .failedPrecondition, reason: "MOVE_FAILED",
                "\(link.target.address) could not move \(path) to \(target); a move must stay within one file "
                    + "system there.",
                metadata: error.metadata.merging(["target": target], uniquingKeysWith: { $1 }))
        }
    }

    /// libssh2_sftp_unlink_ex: 0 or an error.
    ///
    /// - Throws: nothing when the file is gone already.
    func remove(_ path: String) throws(CausewayError) {
        do {
            try call(path, "delete a file") { libssh2_sftp_unlink_ex(sftp, $0, $1) }
        } catch {
            guard error.code == .notFound else { throw error }
        }
    }

    private func alreadyExists(_ path: String) -> CausewayError {
        .sftpStatus(UInt(LIBSSH2_FX_FILE_ALREADY_EXISTS), link.target, "move a file", path)
    }
}
