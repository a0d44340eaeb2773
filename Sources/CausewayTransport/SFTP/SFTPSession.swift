package import CausewayCore
import Synchronization

/// A signed-in SFTP session with a thread of its own, on which all of libssh2's work is done.
///
/// Calls come one at a time. Each ends promptly with `cancelled` when its task is, and with `unavailable` when the
/// link is gone or silent; the session is over after either, and further calls say `unavailable`. What else a call
/// throws leaves the session as it was.
///
/// Names are bytes on the other side. They come as text: UTF-8 as it is, and each byte of anything else as a character
/// of a private use area, so that a name given back finds its file.
package actor SFTPSession {
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private nonisolated let executor: ThreadExecutor
    private nonisolated let closing: CancellationFlag
    private nonisolated let over = Atomic(false)
    private let target: SSHTarget
    private let waiter: SocketWaiter
    private var channel: SFTPChannel?

    /// Connects, checks the host, signs in, and starts SFTP.
    ///
    /// - Parameter report: called for each step that was passed, on the session's thread.
    /// - Throws: ``CausewayError``: `unauthenticated` for wrong credentials; `failedPrecondition` for a host that is not
    ///   trusted (reasons HOST_KEY_UNKNOWN and HOST_KEY_CHANGED, with the fingerprints in the metadata), or that lacks
    ///   what is needed; `unavailable` for one that is not reached.
    package static func open(
        _ target: SSHTarget, report: @Sendable (SSHStep) -> Void
    ) async throws(CausewayError) -> SFTPSession {
        let executor = try ThreadExecutor(name: "causeway-sftp")
        let session = SFTPSession(target, executor: executor)
        try executor.start { [weak session] in session?.assumeIsolated { $0.channel?.link.keepAlive() } ?? nil }
        do {
            try await session.perform { session throws(CausewayError) in try session.connect(report) }
        } catch {
            await session.close()
            throw error
        }
        return session
    }

    private init(_ target: SSHTarget, executor: ThreadExecutor) {
        self.target = target
        self.executor = executor
        closing = CancellationFlag(wake: executor.wake)
        waiter = SocketWaiter(wake: executor.wake, closing: closing)
    }

    deinit { executor.finish() }

    /// Ends the session and its thread, a call in progress with it. May be called twice.
    package nonisolated func close() async {
        closing.cancel()
        await end()
    }

    /// Whether an error, or ``close()``, has ended the session.
    package nonisolated var isOver: Bool { over.load(ordering: .acquiring) }

    // MARK: Calls

    package nonisolated func openFolder(_ path: String) async throws(CausewayError) -> SFTPHandle {
        try await withChannel { channel throws(CausewayError) in SFTPHandle(number: try channel.openFolder(path)) }
    }

    /// The next entries, at most `limit`; none at the end.
    package nonisolated func readFolder(
        _ folder: SFTPHandle, limit: Int = 1_000
    ) async throws(CausewayError) -> [SFTPEntry] {
        try await withChannel { channel throws(CausewayError) in try channel.readFolder(folder.number, limit: limit) }
    }

    /// What `path`, or what it points to, is.
    package nonisolated func stat(_ path: String) async throws(CausewayError) -> SFTPAttributes {
        try await withChannel { channel throws(CausewayError) in try channel.stat(path) }
    }

    package nonisolated func openFile(_ path: String, at offset: Int64) async throws(CausewayError) -> SFTPHandle {
        try await withChannel { channel throws(CausewayError) in
            SFTPHandle(number: try channel.openFile(path, at: offset))
        }
    }

    /// The next bytes, at most `limit` and at most 1 MiB, which reads fastest; none at the end.
    package nonisolated func read(_ file: SFTPHandle, limit: Int) async throws(CausewayError) -> [UInt8] {
        try await withChannel { channel throws(CausewayError) in try channel.read(file.number, limit: limit) }
    }

    /// Closes a file or folder; one that is closed, or whose session is over, stays so.
    package nonisolated func close(_ handle: SFTPHandle) async {
        _ = try? await withChannel { channel throws(CausewayError) in try channel.close(handle.number) }
    }

    /// Makes the folder and those above it that are missing.
    package nonisolated func makeFolders(_ path: String) async throws(CausewayError) {
        try await withChannel { channel throws(CausewayError) in try channel.makeFolders(path) }
    }

    /// - Throws: ``CausewayError``: `alreadyExists` when `target` is taken.
    package nonisolated func rename(_ path: String, to target: String) async throws(CausewayError) {
        try await withChannel { channel throws(CausewayError) in try channel.rename(path, to: target) }
    }

    /// Deletes a file; no error when it is gone.
    package nonisolated func remove(_ path: String) async throws(CausewayError) {
        try await withChannel { channel throws(CausewayError) in try channel.remove(path) }
    }

    // MARK: On the thread

    private func connect(_ report: (SSHStep) -> Void) throws(CausewayError) {
        if let key = target.signIn.key {
            try PrivateKeyForm(key.bytes).check(hasPassphrase: key.passphrase?.isEmpty == false)
        }
        let link = try SSHLink.open(target, waiter: waiter, report: report)
        report(SSHStep(title: "sign in", detail: try link.signIn()))
        channel = try SFTPChannel(link)
    }

    private nonisolated func withChannel<Value: Sendable>(
        _ body: @Sendable (SFTPChannel) throws(CausewayError) -> Value
    ) async throws(CausewayError) -> Value {
        try await perform { session throws(CausewayError) in
            guard let channel = session.channel else { throw .linkCut(session.target, "a call after its end") }
            return try body(channel)
        }
    }

    private nonisolated func perform<Value: Sendable>(
        _ body: @Sendable (isolated SFTPSession) throws(CausewayError) -> Value
    ) async throws(CausewayError) -> Value {
        let call = CancellationFlag(wake: executor.wake)
        let result = await withTaskCancellationHandler {
            await run(call, body)
        } onCancel: {
            call.cancel()
        }
        return try result.get()
    }

    private func run<Value: Sendable>(
        _ call: CancellationFlag, _ body: @Sendable (isolated SFTPSession) throws(CausewayError) -> Value
    ) -> Result<Value, CausewayError> {
        waiter.call = call
        defer { waiter.call = nil }
        do throws(CausewayError) {
            guard !call.isCancelled else { throw .cancelled }
            return .success(try body(self))
        } catch {
            // libssh2 is in the middle of a call then, and can go on with nothing else.
            if error.code == .unavailable || error.code == .cancelled { drop() }
            return .failure(error)
        }
    }

    private func end() {
        channel?.link.disconnect()
        drop()
    }

    private func drop() {
        over.store(true, ordering: .releasing)
        channel = nil
        executor.finish()
    }
}

/// A file or folder that is open on an ``SFTPSession``.
package struct SFTPHandle: Hashable, Sendable {
    let number: Int
}
