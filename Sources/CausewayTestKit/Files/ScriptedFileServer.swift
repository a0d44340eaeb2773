import CausewayConnectorKit
package import CausewayCore

/// A file server in memory whose faults are planned: what an SFTP server is to the product, for tests of all that
/// stands above it.
///
/// It makes no task, thread or lock and takes time only by the clock it was given, so one seed gives one history.
/// Folders exist when they were made or hold a file.
package actor ScriptedFileServer {
    /// A call that reaches the server.
    package enum Operation: String, Hashable, Sendable, CaseIterable {
        case connect, list, stat, open, read, move, delete
    }

    /// What is asked of the server.
    package struct Call: Hashable, Sendable {
        package var operation: Operation
        /// The file or folder; empty for ``Operation/connect``.
        package var path: String
        /// Where a read or an open starts, else 0.
        package var offset: Int64
    }

    /// What a planned fault does to a call.
    package enum Effect: Sendable {
        /// The call throws this, the session stays.
        case fail(CausewayError)
        /// The session ends and the call throws `unavailable`; its readers do so from then on.
        case cutLink
        /// The file's bytes become these before the call is served.
        case replace([UInt8], modified: Timestamp)
        /// The call is served after this time on the server's clock.
        case delay(Duration)
    }

    /// A fault that waits for its call.
    package struct Fault: Sendable {
        package var operation: Operation
        /// Nil: any.
        package var path: String?
        /// For reads: the bytes before this offset are served, the fault strikes where it is reached.
        package var atOffset: Int64
        /// How many calls it strikes.
        package var times: Int
        package var effect: Effect

        package init(
            _ operation: Operation, _ path: String? = nil, atOffset: Int64 = 0, times: Int = 1, _ effect: Effect
        ) {
            self.operation = operation
            self.path = path
            self.atOffset = atOffset
            self.times = times
            self.effect = effect
        }
    }

    /// A file as it lies on the server.
    package struct File: Hashable, Sendable {
        package var bytes: [UInt8]
        package var modified: Timestamp

        package init(_ bytes: [UInt8], modified: Timestamp = Timestamp(seconds: 1_700_000_000)) {
            self.bytes = bytes
            self.modified = modified
        }

        package init(_ text: String, modified: Timestamp = Timestamp(seconds: 1_700_000_000)) {
            self.init(Array(text.utf8), modified: modified)
        }
    }

    /// What lies on the server, by path.
    package private(set) var files: [String: File]
    /// Every call that was served or struck, in order.
    package private(set) var calls: [Call] = []
    /// Sessions that are open now.
    package var openSessions: Int { sessions.count }
    /// Sessions that were ever opened.
    package private(set) var connections = 0

    private var folders: Set<String>
    private var sessions: Set<Int> = []
    private var faults: [Fault] = []
    private let clock: (any CausewayClock)?
    private let latency: Duration
    private let decide: @Sendable (Call) -> Effect?

    /// - Parameters:
    ///   - files: by path, with the folder.
    ///   - clock: what `latency` and ``Effect/delay(_:)`` pass on; without one they take no time.
    ///   - latency: of every call.
    ///   - decide: asked at every call that no planned fault strikes, for faults drawn at random.
    package init(
        files: [String: File] = [:], folders: Set<String> = [], clock: (any CausewayClock)? = nil,
        latency: Duration = .zero, decide: @escaping @Sendable (Call) -> Effect? = { _ in nil }
    ) {
        self.files = files
        self.folders = folders
        self.clock = clock
        self.latency = latency
        self.decide = decide
    }

    /// Puts a file in place of what was there.
    package func put(_ path: String, _ file: File) { files[path] = file }

    package func remove(_ path: String) { files[path] = nil }

    package func makeFolder(_ path: String) { folders.insert(FileNames.normalized(folder: path)) }

    /// Adds a fault; of several that fit a call the one planned first strikes.
    package func plan(_ fault: Fault) { faults.append(fault) }

    /// Ends every session, as a killed server does.
    package func dropSessions() { sessions.removeAll() }

    // MARK: What sources call

    func connect() async throws(CausewayError) -> Int {
        try await serve(Call(operation: .connect, path: "", offset: 0), session: nil)
        connections += 1
        sessions.insert(connections)
        return connections
    }

    func disconnect(_ session: Int) { sessions.remove(session) }

    func list(_ folder: String, session: Int) async throws(CausewayError) -> [RemoteFile] {
        let folder = FileNames.normalized(folder: folder)
        try await serve(Call(operation: .list, path: folder, offset: 0), session: session)
        let inside = files.filter { parent(of: $0.key) == folder }
        guard !inside.isEmpty || folders.contains(folder) else { throw .notFound(folder) }
        return inside.map { remote($0.key, $0.value) }.sorted { $0.path < $1.path }
    }

    func stat(_ path: String, _ operation: Operation, offset: Int64, session: Int) async throws(CausewayError)
        -> RemoteFile
    {
        try await serve(Call(operation: operation, path: path, offset: offset), session: session)
        guard let file = files[path] else { throw .notFound(path) }
        return remote(path, file)
    }

    func read(_ path: String, at offset: Int64, limit: Int, session: Int) async throws(CausewayError) -> [UInt8] {
        var end = offset + Int64(max(0, limit))
        // A fault further on in the file lets the bytes before it through.
        for fault in faults where fault.operation == .read && fits(fault, path) && fault.atOffset > offset {
            end = min(end, fault.atOffset)
        }
        try await serve(Call(operation: .read, path: path, offset: offset), session: session)
        guard let file = files[path] else { throw .notFound(path) }
        let lower = min(Int(clamping: offset), file.bytes.count)
        return Array(file.bytes[lower..<min(Int(clamping: end), file.bytes.count)])
    }

    func move(_ path: String, to folder: String, session: Int) async throws(CausewayError) -> String {
        try await serve(Call(operation: .move, path: path, offset: 0), session: session)
        guard let file = files[path] else { throw .notFound(path) }
        let folder = FileNames.normalized(folder: folder)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        var attempt = 0
        while files[FileNames.join(folder, FileNames.candidate(name, attempt: attempt))] != nil { attempt += 1 }
        let target = FileNames.join(folder, FileNames.candidate(name, attempt: attempt))
        folders.insert(folder)
        files[path] = nil
        files[target] = file
        return target
    }

    func delete(_ path: String, session: Int) async throws(CausewayError) {
        try await serve(Call(operation: .delete, path: path, offset: 0), session: session)
        files[path] = nil
    }

    // MARK: Faults

    private func serve(_ call: Call, session: Int?) async throws(CausewayError) {
        try await pass(latency)
        try checkAlive(session)
        calls.append(call)
        switch strike(call) {
        case nil: return
        case .fail(let error)?: throw error
        case .cutLink?:
            if let session { sessions.remove(session) }
            throw .linkCut(call.path)
        case .replace(let bytes, let modified)?: files[call.path] = File(bytes, modified: modified)
        case .delay(let duration)?:
            try await pass(duration)
            try checkAlive(session)
        }
    }

    private func strike(_ call: Call) -> Effect? {
        let index = faults.firstIndex {
            $0.operation == call.operation && fits($0, call.path)
                && (call.operation != .read || $0.atOffset <= call.offset)
        }
        guard let index else { return decide(call) }
        let effect = faults[index].effect
        faults[index].times -= 1
        if faults[index].times <= 0 { faults.remove(at: index) }
        return effect
    }

    private func fits(_ fault: Fault, _ path: String) -> Bool { fault.path == nil || fault.path == path }

    private func checkAlive(_ session: Int?) throws(CausewayError) {
        guard !Task.isCancelled else { throw .cancelled }
        guard let session, !sessions.contains(session) else { return }
        throw .linkCut("the session")
    }

    private func pass(_ duration: Duration) async throws(CausewayError) {
        guard duration > .zero, let clock else { return }
        do { try await clock.sleep(for: duration) } catch { throw .wrapping(error) }
    }

    private func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "" }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private func remote(_ path: String, _ file: File) -> RemoteFile {
        RemoteFile(path: path, size: Int64(file.bytes.count), modified: file.modified)
    }
}

extension CausewayError {
    /// What a source says when its link goes away.
    package static func linkCut(_ what: String) -> CausewayError {
        CausewayError(
            .unavailable, reason: "LINK_CUT", "The link was cut at \(what); it is tried again.",
            metadata: ["what": what])
    }
}
