import CSSH2
package import CausewayCore

/// What a server says of a file.
package struct SFTPAttributes: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case file
        case folder
        case link
        case other
        /// The server does not say.
        case unknown
    }
    package var kind: Kind
    /// Bytes.
    package var size: Int64
    /// Whole seconds, by the server's clock.
    package var modified: Timestamp

    init(_ attributes: LIBSSH2_SFTP_ATTRIBUTES) {
        let flags = Int32(truncatingIfNeeded: attributes.flags)
        kind = .unknown
        if flags & LIBSSH2_SFTP_ATTR_PERMISSIONS != 0 {
            kind =
                switch Int32(truncatingIfNeeded: attributes.permissions) & LIBSSH2_SFTP_S_IFMT {
                case LIBSSH2_SFTP_S_IFREG: .file
                case LIBSSH2_SFTP_S_IFDIR: .folder
                case LIBSSH2_SFTP_S_IFLNK: .link
                case 0: .unknown
                default: .other
                }
        }
        size = flags & LIBSSH2_SFTP_ATTR_SIZE != 0 ? Int64(clamping: attributes.filesize) : 0
        let seconds = flags & LIBSSH2_SFTP_ATTR_ACMODTIME != 0 ? attributes.mtime : 0
        modified = Timestamp(seconds: Int64(UInt32(truncatingIfNeeded: seconds)))
    }
}

/// An entry of a folder.
package struct SFTPEntry: Hashable, Sendable {
    /// Without the folder. Bytes that are no UTF-8 are kept, see ``SFTPSession``.
    package var name: String
    /// Of what a link points to, where the entry is one.
    package var attributes: SFTPAttributes
}
