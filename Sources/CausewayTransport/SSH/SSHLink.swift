import CSSH2
import CausewayCore
import Glibc

/// A socket and the libssh2 session on it, non-blocking. Belongs to one thread; the last reference ends both.
final class SSHLink {
    let target: SSHTarget
    let session: OpaquePointer
    let waiter: SocketWaiter
    /// What the C callbacks of the session work on.
    let callbacks: SSHCallbacks
    let socket: Int32

    /// How long a call may take.
    enum Patience {
        /// From one sign of life to the next.
        case idle(Duration)
        /// In all, in the time of `monotonicNow`.
        case until(Duration)

        fileprivate var deadline: Duration {
            switch self {
            case .idle(let duration): monotonicNow() + duration
            case .until(let deadline): deadline
            }
        }
    }

    /// - Parameter socket: connected and non-blocking; it is closed with the link, also when this throws.
    init(_ target: SSHTarget, socket: Int32, waiter: SocketWaiter) throws(CausewayError) {
        let callbacks = SSHCallbacks()
        guard Self.libraryIsReady,
            let session = libssh2_session_init_ex(
                nil, nil, nil, Unmanaged.passUnretained(callbacks).toOpaque())
        else {
            close(socket)
            throw CausewayError(
                .resourceExhausted, reason: "NO_MEMORY", "libssh2 could not make a session; there is no memory left.",
                retry: .backoff)
        }
        self.target = target
        self.session = session
        self.waiter = waiter
        self.callbacks = callbacks
        self.socket = socket
        libssh2_session_set_blocking(session, 0)
        callbacks.install(in: session)
    }

    deinit {
        // The session may still write while it is freed, so the descriptor's number must stay ours until then; after
        // the shutdown no such write can wait.
        cut()
        Self.finish { libssh2_session_free(session) }
        close(socket)
    }

    private static let libraryIsReady = libssh2_init(0) == 0

    /// Calls `body` until it gives something else than LIBSSH2_ERROR_EAGAIN.
    ///
    /// - Parameter what: for the error: "read", "sign in".
    /// - Throws: ``CausewayError``: cancelled, or unavailable when patience ends. The session cannot be used after
    ///   either, as libssh2 is in the middle of a call.
    func attempt(_ what: String, _ patience: Patience? = nil, _ body: () -> Int) throws(CausewayError) -> Int {
        let patience = patience ?? .idle(target.operationTimeout)
        var deadline = patience.deadline
        while true {
            let result = body()
            guard result == Int(LIBSSH2_ERROR_EAGAIN) else { return result }
            switch try waiter.wait(for: directions, on: socket, until: deadline) {
            case .ready: deadline = patience.deadline
            case .woken: continue
            case .deadline:
                guard case .idle = patience else { throw .handshakeTimeout(target) }
                throw .stalled(target, what)
            }
        }
    }

    /// As ``attempt(_:_:_:)``, for calls that give a pointer, and nil for an error that the session remembers.
    func attemptPointer<Pointee>(_ what: String, _ body: () -> Pointee?) throws(CausewayError) -> Pointee? {
        var pointer: Pointee?
        _ = try attempt(what) {
            pointer = body()
            return pointer == nil ? Int(libssh2_session_last_errno(session)) : 0
        }
        return pointer
    }

    private var directions: Int32 {
        let directions = libssh2_session_block_directions(session)
        var events: Int32 = 0
        if directions & LIBSSH2_SESSION_BLOCK_INBOUND != 0 { events |= Int32(POLLIN) }
        if directions & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0 { events |= Int32(POLLOUT) }
        return events == 0 ? Int32(POLLIN) : events
    }

    /// What the library said last, for the cause of an error.
    var lastMessage: LibraryMessage {
        var text: UnsafeMutablePointer<CChar>?
        let code = libssh2_session_last_error(session, &text, nil, 0)
        return LibraryMessage("libssh2 \(code): \(text.map { String(cString: $0) } ?? "")")
    }

    /// The link's own failure, when that is what ended a call with `code`; nil when the other side answered.
    ///
    /// The library hides a cut link behind other codes while it waits for an answer to a sign-in, and says so in its
    /// text alone.
    func linkFailure(_ code: Int, _ what: String) -> CausewayError? {
        let message = lastMessage
        if callbacks.linkEnded || message.description.contains(": Waiting for") {
            return .linkCut(target, what, cause: message)
        }
        switch Int32(clamping: code) {
        case LIBSSH2_ERROR_SOCKET_SEND, LIBSSH2_ERROR_SOCKET_RECV, LIBSSH2_ERROR_SOCKET_DISCONNECT,
            LIBSSH2_ERROR_SOCKET_TIMEOUT, LIBSSH2_ERROR_TIMEOUT, LIBSSH2_ERROR_BAD_SOCKET, LIBSSH2_ERROR_CHANNEL_CLOSED,
            LIBSSH2_ERROR_CHANNEL_EOF_SENT, LIBSSH2_ERROR_BANNER_RECV, LIBSSH2_ERROR_BANNER_SEND:
            return .linkCut(target, what, cause: message)
        case LIBSSH2_ERROR_ALLOC:
            return CausewayError(
                .resourceExhausted, reason: "NO_MEMORY", "libssh2 found no memory during: \(what).", retry: .backoff,
                cause: message)
        case LIBSSH2_ERROR_PROTO, LIBSSH2_ERROR_INVALID_MAC, LIBSSH2_ERROR_DECRYPT, LIBSSH2_ERROR_OUT_OF_BOUNDARY,
            LIBSSH2_ERROR_BAD_USE, LIBSSH2_ERROR_BUFFER_TOO_SMALL, LIBSSH2_ERROR_ZLIB, LIBSSH2_ERROR_ENCRYPT:
            return .protocolBroken(target, what, cause: message)
        default: return nil
        }
    }

    /// Tells the other side that the link is idle and meant to be, when it is time for that.
    ///
    /// - Returns: when it will be time again, nil for never.
    func keepAlive() -> Duration? {
        guard target.keepAlive > .zero else { return nil }
        var seconds: Int32 = 0
        // An error shows in the next call.
        guard libssh2_keepalive_send(session, &seconds) == 0 else { return nil }
        return .seconds(Int64(max(1, seconds)))
    }

    /// Makes a call that frees something, on a link that was cut: it may have to be made again, and waits for nothing.
    static func finish(_ body: () -> Int32) {
        for _ in 0..<64 {
            if body() != LIBSSH2_ERROR_EAGAIN { return }
        }
    }

    /// Ends the link at once; no call on it waits any more.
    func cut() { shutdown(socket, Int32(SHUT_RDWR)) }

    /// Says good-bye if that can be done without waiting.
    func disconnect() {
        libssh2_session_disconnect_ex(session, SSH_DISCONNECT_BY_APPLICATION, "done", "")
    }
}

/// The state of a session's C callbacks.
final class SSHCallbacks {
    /// The first bytes that the server sent, until they are understood.
    private(set) var firstBytes: [UInt8] = []
    private(set) var offer: ServerOffer?
    /// The socket has nothing more to give, or is broken.
    private(set) var linkEnded = false
    /// The answer to what is asked in a keyboard-interactive sign-in.
    var answer: Secret?
    private var listens = true

    func install(in session: OpaquePointer) {
        let receive:
            @convention(c) (
                Int32, UnsafeMutableRawPointer?, Int, Int32, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
            ) -> Int = receiveBytes
        libssh2_session_callback_set(
            session, LIBSSH2_CALLBACK_RECV, unsafeBitCast(receive, to: UnsafeMutableRawPointer.self))
    }

    fileprivate func received(_ bytes: UnsafeRawBufferPointer) {
        guard listens else { return }
        firstBytes.append(contentsOf: bytes.prefix(ServerOffer.limit - firstBytes.count))
        offer = ServerOffer(firstBytes: firstBytes)
        guard offer != nil || firstBytes.count >= ServerOffer.limit else { return }
        listens = false
        firstBytes = []
    }

    fileprivate func ended() { linkEnded = true }
}

/// libssh2's own recv, LIBSSH2_RECV_FUNC, with an ear on what comes: bytes, 0 at the end, or minus an errno.
private func receiveBytes(
    _ socket: Int32, _ buffer: UnsafeMutableRawPointer?, _ length: Int, _ flags: Int32,
    _ abstract: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> Int {
    let count = recv(socket, buffer, length, flags)
    let failure = errno
    if count < 0, failure == EAGAIN || failure == EINTR { return -Int(EAGAIN) }
    guard let box = abstract?.pointee else { return count < 0 ? -Int(failure) : count }
    let callbacks = Unmanaged<SSHCallbacks>.fromOpaque(box).takeUnretainedValue()
    guard count > 0 else {
        callbacks.ended()
        return count < 0 ? -Int(failure) : 0
    }
    callbacks.received(UnsafeRawBufferPointer(start: buffer, count: count))
    return count
}
