package import CausewayConnectorKit
package import CausewayCore

/// A session's view of a ``ScriptedFileServer``. As the contract says, it connects at its first call and anew at the
/// call after its link was cut.
package actor ScriptedFileSource: FileSource {
    private let server: ScriptedFileServer
    private let pageSize: Int
    private var session: Int?

    /// - Parameter pageSize: entries of a page of a listing, at most 1,000.
    package init(_ server: ScriptedFileServer, pageSize: Int = 1_000) {
        self.server = server
        self.pageSize = min(max(1, pageSize), 1_000)
    }

    package func connect(report: @Sendable (ConnectStep) -> Void) async throws(CausewayError) {
        guard session == nil else { return }
        _ = try await connected()
        report(ConnectStep("connect", "scripted"))
        report(ConnectStep("sign in", "scripted"))
    }

    package func list(
        folder: String, page: @Sendable ([RemoteFile]) async throws(CausewayError) -> Void
    ) async throws(CausewayError) {
        let session = try await connected()
        let entries = try await guarded { () async throws(CausewayError) in
            try await server.list(folder, session: session)
        }
        var start = 0
        while start < entries.count {
            let end = min(start + pageSize, entries.count)
            try await page(Array(entries[start..<end]))
            start = end
        }
    }

    package func stat(_ path: String) async throws(CausewayError) -> RemoteFile {
        let session = try await connected()
        return try await guarded { () async throws(CausewayError) in
            try await server.stat(path, .stat, offset: 0, session: session)
        }
    }

    package func open(_ path: String, at offset: Int64) async throws(CausewayError) -> any FileReader {
        let session = try await connected()
        _ = try await guarded { () async throws(CausewayError) in
            try await server.stat(path, .open, offset: offset, session: session)
        }
        return Reader(source: self, path: path, position: offset, session: session)
    }

    package func move(_ path: String, toFolder folder: String) async throws(CausewayError) -> String {
        let session = try await connected()
        return try await guarded { () async throws(CausewayError) in
            try await server.move(path, to: folder, session: session)
        }
    }

    package func delete(_ path: String) async throws(CausewayError) {
        let session = try await connected()
        try await guarded { () async throws(CausewayError) in try await server.delete(path, session: session) }
    }

    package func close() async {
        guard let session else { return }
        self.session = nil
        await server.disconnect(session)
    }

    private func connected() async throws(CausewayError) -> Int {
        if let session { return session }
        let opened = try await server.connect()
        session = opened
        return opened
    }

    /// Forgets the session when the call says that it is gone.
    private func guarded<R: Sendable>(
        _ call: () async throws(CausewayError) -> R
    ) async throws(CausewayError) -> R {
        do {
            return try await call()
        } catch {
            if error.code == .unavailable { session = nil }
            throw error
        }
    }

    fileprivate func read(_ path: String, at offset: Int64, limit: Int, session: Int) async throws(CausewayError)
        -> [UInt8]
    {
        try await guarded { () async throws(CausewayError) in
            try await server.read(path, at: offset, limit: limit, session: session)
        }
    }

    private actor Reader: FileReader {
        let source: ScriptedFileSource
        let path: String
        var position: Int64
        let session: Int

        init(source: ScriptedFileSource, path: String, position: Int64, session: Int) {
            self.source = source
            self.path = path
            self.position = position
            self.session = session
        }

        func read(limit: Int) async throws(CausewayError) -> [UInt8] {
            let bytes = try await source.read(path, at: position, limit: limit, session: session)
            position += Int64(bytes.count)
            return bytes
        }

        func close() async {}
    }
}

/// A connector whose every connection is a session of one ``ScriptedFileServer``.
package struct ScriptedConnector: Connector {
    package let spec: IntegrationSpec
    private let server: ScriptedFileServer

    /// - Parameter spec: by default a spec of id "scripted" that asks for nothing.
    package init(_ server: ScriptedFileServer, spec: IntegrationSpec? = nil) {
        self.server = server
        self.spec =
            spec
            ?? IntegrationSpec(
                id: "scripted", title: "Scripted", description: "Files in memory.", directions: [.inbound],
                signInMethods: [SignInMethod(id: "none", title: "None", settings: [])], settings: [],
                entitySettings: [], capabilities: [.discover, .resume, .postAction])
    }

    package func makeFileSource(_ configuration: ConnectorConfiguration) throws(CausewayError) -> any FileSource {
        ScriptedFileSource(server)
    }
}
