import CausewayConnectorKit
import CausewayConnectors
import CausewayCore
import CausewayEngine
import Glibc

/// Where the files are, and how they are taken: the program's settings, "NAME=VALUE" each.
///
/// Those that begin with "sftp." are of an SFTP connection, "sftp.private_key" the path of a key; without any, the files
/// are in a folder of this machine.
struct Place {
    private let folder: String
    private var entity: Settings
    private var settings: Settings = [:]
    private var credentials: [String: Secret] = [:]

    private var isRemote: Bool { !settings.isEmpty }

    static func catalogue() throws -> Catalogue {
        Catalogue([try FolderConnector(), try ConnectorCatalogue.standard.connector("sftp")])
    }

    init(_ folder: String, _ words: [String]) throws {
        self.folder = folder
        entity = ["folder": .text(folder), "quiet_period": .text("0s")]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw CausewayError.invalid("setting", "\"\(word)\" has no value.") }
            switch parts[0] {
            case "primary_key": entity["primary_key"] = .texts([parts[1]])
            case "sftp.private_key": credentials["private_key"] = Secret(try Self.bytes(of: parts[1]))
            case "sftp.port": settings["port"] = .integer(Int64(parts[1]) ?? 22)
            case let name where name.hasPrefix("sftp."): settings[String(name.dropFirst(5))] = .text(parts[1])
            default: entity[parts[0]] = .text(parts[1])
            }
        }
    }

    var draft: ConnectionDraft {
        ConnectionDraft(
            id: "bench", displayName: "Bench", integration: isRemote ? "sftp" : FolderConnector.id,
            signInMethod: isRemote ? "key" : "none", settings: settings, entities: entities,
            schedule: Schedule(.manual), credentials: credentials)
    }

    private var entities: [EntitySettings] { [EntitySettings(entity: "profiles", settings: entity)] }

    /// Reads all files of the folder, and keeps nothing.
    ///
    /// - Returns: how many bytes they have.
    func copy() async throws -> Int {
        let connector = try Self.catalogue().connector(isRemote ? "sftp" : FolderConnector.id)
        let source = try connector.makeFileSource(
            try connector.spec.checked(
                signInMethod: isRemote ? "key" : "none", settings: settings, entities: entities,
                credentials: credentials))
        try await source.connect { _ in }
        let files = Files()
        try await source.list(folder: folder) { page throws(CausewayError) in await files.add(page) }
        var bytes = 0
        for file in await files.all {
            let reader = try await source.open(file.path, at: 0)
            while case let piece = try await reader.read(limit: EngineLimits().readChunk), !piece.isEmpty {
                bytes += piece.count
            }
            await reader.close()
        }
        await source.close()
        return bytes
    }

    private actor Files {
        var all: [RemoteFile] = []
        func add(_ page: [RemoteFile]) { all += page }
    }

    private static func bytes(of path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CausewayError.invalid("sftp.private_key", "\(path) cannot be read.") }
        defer { close(descriptor) }
        return [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
        }
    }
}
