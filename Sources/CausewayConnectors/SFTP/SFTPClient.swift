package import CausewayConnectorKit
package import CausewayCore
package import CausewayTransport

/// The files of an SFTP server. Holds a session from the first call on, and a new one after the last was cut.
///
/// Symbolic links to files are listed as the files they point to; links to folders, and links to nowhere, are not.
package actor SFTPFileSource: FileSource {
    private let target: SSHTarget
    private var session: SFTPSession?

    /// Names that are tried for a file that is moved to where its name is taken.
    private static let mostNames = 1_000

    package init(_ target: SSHTarget) { self.target = target }

    package func connect(report: @Sendable (ConnectStep) -> Void) async throws(CausewayError) {
        _ = try await connected(report)
    }

    package func list(
        folder: String, page: @Sendable ([RemoteFile]) async throws(CausewayError) -> Void
    ) async throws(CausewayError) {
        let folder = FileNames.normalized(folder: folder)
        let handle = try await call { session throws(CausewayError) in try await session.openFolder(folder) }
        do {
            while true {
                let entries = try await call { session throws(CausewayError) in
                    try await session.readFolder(handle, limit: 1_000)
                }
                if entries.isEmpty { break }
                let files = entries.filter { $0.attributes.kind == .file }
                if files.isEmpty { continue }
                try await page(files.map { RemoteFile(FileNames.join(folder, $0.name), $0.attributes) })
            }
        } catch {
            await session?.close(handle)
            throw error
        }
        await session?.close(handle)
    }

    package func stat(_ path: String) async throws(CausewayError) -> RemoteFile {
        let attributes = try await call { session throws(CausewayError) in try await session.stat(path) }
        return RemoteFile(path, attributes)
    }

    package func open(_ path: String, at offset: Int64) async throws(CausewayError) -> any FileReader {
        let (session, handle) = try await call { session throws(CausewayError) in
            (session, try await session.openFile(path, at: offset))
        }
        return SFTPFileReader(source: self, session: session, handle: handle)
    }

    package func move(_ path: String, toFolder folder: String) async throws(CausewayError) -> String {
        let folder = FileNames.normalized(folder: folder)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return try await call { session throws(CausewayError) in
            // Looked at first: what cannot be moved shall leave no folder behind.
            _ = try await session.stat(path)
            try await session.makeFolders(folder)
            for attempt in 0..<Self.mostNames {
                let target = FileNames.join(folder, FileNames.candidate(name, attempt: attempt))
                do throws(CausewayError) {
                    try await session.rename(path, to: target)
                    return target
                } catch {
                    guard error.code == .alreadyExists else { throw error }
                }
            }
            throw .noFreeName(name, in: folder)
        }
    }

    package func delete(_ path: String) async throws(CausewayError) {
        try await call { session throws(CausewayError) in try await session.remove(path) }
    }

    package func close() async {
        guard let session else { return }
        self.session = nil
        await session.close()
    }

    // MARK: The session

    private func connected(_ report: @Sendable (ConnectStep) -> Void = { _ in }) async throws(CausewayError)
        -> SFTPSession
    {
        if let session, !session.isOver { return session }
        let opened = try await SFTPSession.open(target) { report(ConnectStep($0.title, $0.detail)) }
        session = opened
        return opened
    }

    private func call<Value: Sendable>(
        _ body: (SFTPSession) async throws(CausewayError) -> Value
    ) async throws(CausewayError) -> Value {
        let session = try await connected()
        do {
            return try await body(session)
        } catch {
            await forget(session, after: error)
            throw error
        }
    }

    /// Lets go of a session that an error ended.
    fileprivate func forget(_ session: SFTPSession, after error: CausewayError) async {
        guard error.endsSession else { return }
        if self.session === session { self.session = nil }
        await session.close()
    }
}

/// A file of an SFTP server that is open. Ends with the session it was opened on.
private actor SFTPFileReader: FileReader {
    private let source: SFTPFileSource
    private let session: SFTPSession
    private let handle: SFTPHandle

    init(source: SFTPFileSource, session: SFTPSession, handle: SFTPHandle) {
        self.source = source
        self.session = session
        self.handle = handle
    }

    func read(limit: Int) async throws(CausewayError) -> [UInt8] {
        do {
            return try await session.read(handle, limit: limit)
        } catch {
            await source.forget(session, after: error)
            throw error
        }
    }

    func close() async { await session.close(handle) }
}

extension RemoteFile {
    fileprivate init(_ path: String, _ attributes: SFTPAttributes) {
        self.init(path: path, size: attributes.size, modified: attributes.modified)
    }
}
