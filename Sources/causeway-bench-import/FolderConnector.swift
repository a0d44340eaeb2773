import CausewayConnectorKit
import CausewayConnectors
import CausewayCore
import Glibc

/// Files of a local folder in place of a server's, so that a measurement holds the import and no transport.
struct FolderConnector: Connector {
    static let id = "folder"
    let spec: IntegrationSpec

    init() throws(CausewayError) {
        var spec = try ConnectorCatalogue.standard.connector("sftp").spec
        spec.id = Self.id
        spec.title = "Local folder"
        spec.signInMethods = [SignInMethod(id: "none", title: "None", settings: [])]
        spec.settings = []
        self.spec = spec
    }

    func makeFileSource(_ configuration: ConnectorConfiguration) throws(CausewayError) -> any FileSource {
        FolderSource()
    }
}

private struct FolderSource: FileSource {
    func connect(report: @Sendable (ConnectStep) -> Void) async throws(CausewayError) {}

    func list(
        folder: String, page: @Sendable ([RemoteFile]) async throws(CausewayError) -> Void
    ) async throws(CausewayError) {
        guard let stream = opendir(folder) else { throw failure(folder) }
        defer { closedir(stream) }
        var files: [RemoteFile] = []
        while let entry = readdir(stream) {
            guard entry.pointee.d_type == UInt8(DT_REG) else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            files.append(try Self.look("\(folder)/\(name)"))
        }
        try await page(files)
    }

    func stat(_ path: String) async throws(CausewayError) -> RemoteFile { try Self.look(path) }

    func open(_ path: String, at offset: Int64) async throws(CausewayError) -> any FileReader {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        return FolderReader(descriptor, path: path, offset: offset)
    }

    func move(_ path: String, toFolder folder: String) async throws(CausewayError) -> String {
        throw CausewayError(.unimplemented, reason: "FOLDER_READ_ONLY", "Files of a measurement stay where they are.")
    }

    func delete(_ path: String) async throws(CausewayError) {
        throw CausewayError(.unimplemented, reason: "FOLDER_READ_ONLY", "Files of a measurement stay where they are.")
    }

    func close() async {}

    private static func look(_ path: String) throws(CausewayError) -> RemoteFile {
        var found = Glibc.stat()
        guard lstat(path, &found) == 0 else { throw failure(path) }
        return RemoteFile(
            path: path, size: Int64(found.st_size), modified: Timestamp(micros: Int64(found.st_mtim.tv_sec) * 1_000_000)
        )
    }
}

private func failure(_ path: String) -> CausewayError {
    let code = errno
    return CausewayError(
        .notFound, reason: "FOLDER_READ", "\(path) cannot be read: \(String(cString: strerror(code))).")
}

private actor FolderReader: FileReader {
    private var descriptor: Int32
    private let path: String
    private var offset: Int64

    init(_ descriptor: Int32, path: String, offset: Int64) {
        self.descriptor = descriptor
        self.path = path
        self.offset = offset
    }

    func read(limit: Int) async throws(CausewayError) -> [UInt8] {
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, limit, off_t(offset)))
        }
        offset += Int64(bytes.count)
        return bytes
    }

    func close() async {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}
