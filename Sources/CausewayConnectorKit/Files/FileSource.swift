package import CausewayCore

/// A remote folder tree that files are read from. One run owns one source; calls come one at a time.
///
/// Every call throws ``CausewayError``: `unauthenticated` for wrong credentials, `failedPrecondition` for a host that
/// is not the one it was, `notFound`, `permissionDenied`, and `unavailable` (retryable) for a link that was cut. After an
/// `unavailable` error the next call connects anew. Every call ends promptly with `cancelled` when its task is.
package protocol FileSource: Sendable {
    /// Connects and signs in, when that is not done yet. `testConnection` shows each step it reports.
    func connect(report: @Sendable (ConnectStep) -> Void) async throws(CausewayError)

    /// Lists the regular files directly in `folder`, in no order, page by page; a page has at most 1,000 entries.
    func list(
        folder: String, page: @Sendable ([RemoteFile]) async throws(CausewayError) -> Void
    ) async throws(CausewayError)

    /// What `path` is now.
    func stat(_ path: String) async throws(CausewayError) -> RemoteFile

    /// Opens `path` for reading from byte `offset` on.
    func open(_ path: String, at offset: Int64) async throws(CausewayError) -> any FileReader

    /// Moves `path` into `folder`, which is made when missing; a name that is taken gets a number before its extension.
    ///
    /// - Returns: where it went.
    func move(_ path: String, toFolder folder: String) async throws(CausewayError) -> String

    /// Deletes `path`; no error when it is gone.
    func delete(_ path: String) async throws(CausewayError)

    /// Ends the session. Never throws, returns within a second, may be called twice.
    func close() async
}

/// A file being read, front to back.
package protocol FileReader: Sendable {
    /// The next bytes, at most `limit`; empty at the end.
    func read(limit: Int) async throws(CausewayError) -> [UInt8]
    /// May be called twice.
    func close() async
}

/// A file as the source lists it.
package struct RemoteFile: Hashable, Sendable {
    /// From the source's root, with the folder.
    package var path: String
    /// Bytes.
    package var size: Int64
    package var modified: Timestamp
    /// Where the source has such a thing.
    package var etag: String?

    package init(path: String, size: Int64, modified: Timestamp, etag: String? = nil) {
        self.path = path
        self.size = size
        self.modified = modified
        self.etag = etag
    }

    /// The last part of the path.
    package var name: Substring { path.split(separator: "/").last ?? "" }
}

/// A step of connecting that was passed.
package struct ConnectStep: Hashable, Sendable {
    /// "connect", "host key", "sign in".
    package var title: String
    /// What was found.
    package var detail: String

    package init(_ title: String, _ detail: String) {
        self.title = title
        self.detail = detail
    }
}
