import CSSH2
import CausewayCore

/// The SFTP subsystem of a link. Belongs to the link's thread.
///
/// Every call of libssh2 gives LIBSSH2_ERROR_SFTP_PROTOCOL for a refusal, whose status `libssh2_sftp_last_error` has,
/// and otherwise a link's error: SOCKET_SEND, SOCKET_DISCONNECT, CHANNEL_CLOSED, ALLOC, OUT_OF_BOUNDARY and the like.
final class SFTPChannel {
    let link: SSHLink
    let sftp: OpaquePointer
    /// Files and folders that are open, by the numbers given out for them.
    var handles: [Int: OpenHandle] = [:]
    private var lastNumber = 0

    /// Files and folders that may be open at a time.
    static let mostHandles = 64

    struct OpenHandle {
        var path: String
        var pointer: OpaquePointer
        /// Of the next byte to be read.
        var offset: Int64
        /// The server gave less than was asked for, so one request at a time is sent.
        var isCautious = false
    }

    /// libssh2_sftp_init: a channel, or NULL for CHANNEL_FAILURE and CHANNEL_REQUEST_DENIED where there is no such
    /// subsystem, and the link's errors.
    init(_ link: SSHLink) throws(CausewayError) {
        let started: OpaquePointer?
        do {
            started = try link.attemptPointer("start of SFTP") { libssh2_sftp_init(link.session) }
        } catch {
            throw error.reason == "LINK_STALLED" ? .sftpSilent(link.target) : error
        }
        guard let sftp = started else {
            let code = Int(libssh2_session_last_errno(link.session))
            // Servers that run a shell or nothing at all in its place close the channel.
            let isRefused =
                !link.callbacks.linkEnded
                && [
                    LIBSSH2_ERROR_CHANNEL_FAILURE, LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED, LIBSSH2_ERROR_CHANNEL_CLOSED,
                    LIBSSH2_ERROR_SFTP_PROTOCOL,
                ].contains(Int32(clamping: code))
            guard !isRefused, let failure = link.linkFailure(code, "start of SFTP") else {
                throw .sftpNotOffered(link.target, cause: link.lastMessage)
            }
            throw failure
        }
        self.link = link
        self.sftp = sftp
    }

    deinit {
        // With the link cut each of these frees what it can and waits for nothing.
        link.cut()
        for handle in handles.values {
            SSHLink.finish { libssh2_sftp_close_handle(handle.pointer) }
        }
        SSHLink.finish { libssh2_sftp_shutdown(sftp) }
    }

    // MARK: Handles

    func keep(_ handle: OpenHandle) -> Int {
        lastNumber += 1
        handles[lastNumber] = handle
        return lastNumber
    }

    /// libssh2_sftp_close_handle: 0, and errors that leave nothing to do.
    func close(_ number: Int) throws(CausewayError) {
        guard let handle = handles[number] else { return }
        _ = try link.attempt("close") { Int(libssh2_sftp_close_handle(handle.pointer)) }
        // Not before: a call that was given up in the middle is ended with the channel.
        handles[number] = nil
    }

    /// libssh2_sftp_open_ex: a handle or NULL.
    func open(_ path: String, isFolder: Bool, _ what: String) throws(CausewayError) -> OpaquePointer {
        guard handles.count < Self.mostHandles else {
            throw CausewayError(
                .resourceExhausted, reason: "TOO_MANY_OPEN_FILES",
                "\(Self.mostHandles) files are open on one session; close some first.")
        }
        let name = try encoded(path)
        let pointer = try link.attemptPointer(what) {
            name.withUnsafeBytes { bytes in
                libssh2_sftp_open_ex(
                    sftp, bytes.assumingMemoryBound(to: CChar.self).baseAddress, UInt32(bytes.count),
                    isFolder ? 0 : UInt(LIBSSH2_FXF_READ), 0, isFolder ? LIBSSH2_SFTP_OPENDIR : LIBSSH2_SFTP_OPENFILE)
            }
        }
        guard let pointer else { throw failure(Int(libssh2_session_last_errno(link.session)), what, path) }
        return pointer
    }

    // MARK: Attributes

    /// libssh2_sftp_stat_ex: 0 or an error.
    ///
    /// - Returns: what a link points to, for a link.
    func stat(_ path: String, _ what: String = "look at a file") throws(CausewayError) -> SFTPAttributes {
        var attributes = LIBSSH2_SFTP_ATTRIBUTES()
        try call(path, what) { name, length in
            libssh2_sftp_stat_ex(sftp, name, length, LIBSSH2_SFTP_STAT, &attributes)
        }
        return SFTPAttributes(attributes)
    }

    /// Nil where nothing is.
    func statIfThere(_ path: String) throws(CausewayError) -> SFTPAttributes? {
        do {
            return try stat(path)
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }

    // MARK: Errors

    /// Makes a call that names a path and gives 0 or an error.
    func call(
        _ path: String, _ what: String, _ body: (UnsafePointer<CChar>?, UInt32) -> Int32
    ) throws(CausewayError) {
        let name = try encoded(path)
        let result = try link.attempt(what) {
            name.withUnsafeBytes { bytes in
                Int(body(bytes.assumingMemoryBound(to: CChar.self).baseAddress, UInt32(bytes.count)))
            }
        }
        guard result == 0 else { throw failure(result, what, path) }
    }

    func failure(_ code: Int, _ what: String, _ path: String) -> CausewayError {
        if let failure = link.linkFailure(code, what) { return failure }
        let status = libssh2_sftp_last_error(sftp)
        guard code == Int(LIBSSH2_ERROR_SFTP_PROTOCOL), status != UInt(LIBSSH2_FX_OK) else {
            return .protocolBroken(link.target, what, cause: link.lastMessage)
        }
        return .sftpStatus(status, link.target, what, path)
    }

    /// The bytes of a path, which the server must be able to take as they are.
    func encoded(_ path: String) throws(CausewayError) -> [UInt8] {
        let bytes = RemoteNameCoding.bytes(path)
        guard !bytes.isEmpty, bytes.count <= 4_096, !bytes.contains(0) else {
            throw .invalid("path", "a path has 1 to 4,096 bytes, none of them zero.")
        }
        return bytes
    }
}
