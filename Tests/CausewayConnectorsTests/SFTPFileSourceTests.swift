import CausewayConnectorKit
import CausewayConnectors
import CausewayCore
import CausewayTestKit
import Glibc
import Synchronization
import Testing

@Suite("Files of an SFTP connection", .enabled(if: SSHServerFixture.isPossible), .timeLimit(.minutes(2)))
struct SFTPFileSourceTests {
    private let server: SSHServerFixture
    private let key: Secret
    private let files: ScratchFolder

    init() throws {
        server = try SSHServerFixture()
        key = Secret(try server.makeKey())
        files = try ScratchFolder()
    }

    private func source(port: UInt16? = nil, fingerprint: String? = nil) throws -> any FileSource {
        let connector = SFTPConnector()
        let configuration = try connector.spec.checked(
            signInMethod: "key",
            settings: [
                "host": .text("127.0.0.1"), "port": .integer(Int64(port ?? server.port)),
                "username": .text(SSHServerFixture.ownName),
                "host_key_fingerprint": .texts([fingerprint ?? server.fingerprints["ed25519"] ?? ""]),
            ],
            entities: [EntitySettings(entity: "a", settings: ["folder": .text(files.path)])],
            credentials: ["private_key": key])
        return try connector.makeFileSource(configuration)
    }

    private func list(_ source: any FileSource, _ folder: String) async throws -> [RemoteFile] {
        let found = Mutex<[RemoteFile]>([])
        try await source.list(folder: folder) { page in
            #expect(page.count <= 1_000)
            found.withLock { $0 += page }
        }
        return found.withLock { $0 }
    }

    private func readAll(_ reader: any FileReader) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let chunk = try await reader.read(limit: 1 << 20)
            if chunk.isEmpty { break }
            bytes += chunk
        }
        await reader.close()
        await reader.close()
        return bytes
    }

    @Test("are listed with links to files, and without folders and links to nowhere")
    func listing() async throws {
        for number in 0..<1_200 { try files.write("f\(number).csv", "x") }
        try files.makeFolder("folder.csv")
        symlink(try files.write("target", "12345"), files["link.csv"])
        symlink("/nowhere", files["broken.csv"])
        let source = try source()
        let found = try await list(source, files.path + "/")
        #expect(found.count == 1_202)
        #expect(found.first { $0.name == "link.csv" }?.size == 5)
        #expect(!found.contains { ["folder.csv", "broken.csv"].contains($0.name) })
        #expect(found.allSatisfy { $0.path.hasPrefix(files.path + "/") && !$0.path.contains("//") })
        let error = await #expect(throws: CausewayError.self) { _ = try await list(source, "/no/such/folder") }
        #expect(error?.code == .notFound)
        await source.close()
        await source.close()
    }

    @Test("are read on at the offset after a cut link, on a new session")
    func resume() async throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        let path = try files.write("data.csv", bytes)
        let proxy = try FaultProxy(target: server.port)
        defer { proxy.stop() }
        proxy.plan(.cut(afterServerBytes: 1_000_000), .cut(afterServerBytes: 900_000))
        let source = try source(port: proxy.port)
        var received: [UInt8] = []
        var cuts = 0
        while received.count < bytes.count {
            do {
                let reader = try await source.open(path, at: Int64(received.count))
                while true {
                    let chunk = try await reader.read(limit: 1 << 20)
                    if chunk.isEmpty { break }
                    received += chunk
                }
            } catch {
                #expect(error.code == .unavailable)
                cuts += 1
                guard cuts < 10 else { throw error }
            }
        }
        #expect(received == bytes)
        #expect(cuts == 2)
        #expect(proxy.connections == 3)
        await source.close()
    }

    @Test("are found again after the server was killed and restarted")
    func restart() async throws {
        try files.write("a.csv", "x")
        let source = try source()
        #expect(try await list(source, files.path).count == 1)
        server.kill()
        for _ in 0..<2 {
            let error = await #expect(throws: CausewayError.self) { _ = try await list(source, files.path) }
            #expect(error?.code == .unavailable)
        }
        try server.restart()
        #expect(try await list(source, files.path).count == 1)
        await source.close()
    }

    @Test("of a server that is another one now are not touched, nor is anything sent to it")
    func otherServer() async throws {
        try files.write("a.csv", "x")
        let other = try SSHServerFixture()
        let proxy = try FaultProxy(target: server.port)
        defer { proxy.stop() }
        let source = try source(port: proxy.port)
        #expect(try await list(source, files.path).count == 1)
        proxy.retarget(other.port)
        proxy.cutAll()
        await #expect(throws: CausewayError.self) { _ = try await list(source, files.path) }
        let error = await #expect(throws: CausewayError.self) { _ = try await list(source, files.path) }
        #expect(error?.reason == "HOST_KEY_CHANGED")
        #expect(error?.metadata["presented"] == other.fingerprints["ed25519"])
        #expect(error?.metadata["expected"] == server.fingerprints["ed25519"])
        #expect(!other.takeLog().contains("Accepted"))
        await source.close()
    }

    @Test("are moved to names that are free, and deleted once")
    func postActions() async throws {
        let source = try source()
        let archive = files["archive/2026"]
        for expected in ["a.csv.gz", "a-1.csv.gz", "a-2.csv.gz"] {
            let path = try files.write("a.csv.gz", expected)
            #expect(try await source.move(path, toFolder: archive + "/") == "\(archive)/\(expected)")
            #expect(files.read("archive/2026/\(expected)") == Array(expected.utf8))
            #expect(!files.has("a.csv.gz"))
        }
        let error = await #expect(throws: CausewayError.self) {
            _ = try await source.move(files["gone.csv"], toFolder: files["new"])
        }
        #expect(error?.code == .notFound)
        #expect(!files.has("new"))
        let path = try files.write("b.csv", "x")
        try await source.delete(path)
        try await source.delete(path)
        #expect(!files.has("b.csv"))
        await source.close()
    }

    @Test("can be read again after a call was cancelled")
    func cancelled() async throws {
        let path = try files.write("a.csv", "hello")
        let source = try source()
        let reader = try await source.open(path, at: 0)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await reader.read(limit: 10)
        }
        let error = await #expect(throws: CausewayError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(try await readAll(source.open(path, at: 1)) == Array("ello".utf8))
        await source.close()
    }

    @Test("report the steps of connecting once")
    func steps() async throws {
        let source = try source()
        let titles = Mutex<[String]>([])
        for _ in 0..<2 { try await source.connect { step in titles.withLock { $0.append(step.title) } } }
        #expect(titles.withLock { $0 } == ["connect", "host key", "sign in"])
        await source.close()
    }
}
