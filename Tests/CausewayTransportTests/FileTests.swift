import CausewayCore
import CausewayTestKit
import CausewayTransport
import Glibc
import Testing

@Suite("Files of OpenSSH", .enabled(if: SSHServerFixture.isPossible), .timeLimit(.minutes(2)))
struct FileTests {
    @Test("reads a file whole, from an offset, and in small pieces")
    func read() async throws {
        let fixture = try SFTPFixture()
        let bytes = pattern(3_000_017)
        let path = try fixture.files.write("data.bin", bytes)
        try await fixture.withSession { session in
            #expect(try await session.readAll(path) == bytes)
            #expect(try await session.readAll(path, from: 1_234_567) == Array(bytes[1_234_567...]))
            #expect(try await session.readAll(path, limit: 1_000).count == bytes.count)
            #expect(try await session.readAll(path, from: 3_000_017).isEmpty)
            #expect(try await session.readAll(path, from: 4_000_000).isEmpty)
            let attributes = try await session.stat(path)
            #expect(attributes.size == 3_000_017)
            #expect(attributes.kind == .file)
        }
    }

    @Test("lists thousands of files page by page, each once")
    func list() async throws {
        let fixture = try SFTPFixture()
        for number in 0..<3_000 { try fixture.files.write("f\(number).csv", "x") }
        let pages = try await fixture.withSession { session in
            let folder = try await session.openFolder(fixture.files.path)
            var pages: [[String]] = []
            while true {
                let page = try await session.readFolder(folder, limit: 1_000)
                if page.isEmpty { break }
                pages.append(page.map(\.name))
            }
            await session.close(folder)
            return pages
        }
        #expect(pages.allSatisfy { $0.count <= 1_000 })
        #expect(pages.joined().sorted() == (0..<3_000).map { "f\($0).csv" }.sorted())
    }

    @Test("keeps names of any bytes")
    func names() async throws {
        let fixture = try SFTPFixture()
        let names = ["with space.csv", "größe-日本.csv", "two\nlines.csv", "a'b\"c;$(x).csv", "-n.csv"]
        for name in names { try fixture.files.write(name, name) }
        // Latin-1 for "é", which is no UTF-8.
        let raw: [CChar] =
            Array(fixture.files.path.utf8CString.dropLast()) + [0x2F, CChar(bitPattern: 0xE9), 0x2E, 0x63, 0]
        let file = open(raw, O_WRONLY | O_CREAT, 0o600)
        #expect(Glibc.write(file, "raw", 3) == 3)
        close(file)
        try await fixture.withSession { session in
            let folder = try await session.openFolder(fixture.files.path)
            let found = try await session.readFolder(folder).map(\.name)
            #expect(Set(names).isSubset(of: found))
            #expect(found.count == names.count + 1)
            for name in found {
                let text = String(decoding: try await session.readAll("\(fixture.files.path)/\(name)"), as: UTF8.self)
                #expect(text == (names.contains(name) ? name : "raw"))
            }
        }
        unlink(raw)
    }

    @Test("follows links to files, and tells folders and broken links apart")
    func links() async throws {
        let fixture = try SFTPFixture()
        let path = try fixture.files.write("target.csv", "12345")
        try fixture.files.makeFolder("folder")
        symlink(path, fixture.files["link.csv"])
        symlink("/nowhere", fixture.files["broken.csv"])
        symlink(fixture.files["folder"], fixture.files["folderlink"])
        let entries = try await fixture.withSession { session in
            try await session.readFolder(session.openFolder(fixture.files.path))
        }
        let kinds = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.attributes.kind) })
        #expect(
            kinds == [
                "target.csv": .file, "link.csv": .file, "broken.csv": .link, "folder": .folder, "folderlink": .folder,
            ])
        #expect(entries.first { $0.name == "link.csv" }?.attributes.size == 5)
    }

    @Test("moves to free names alone, makes folders, and deletes what may be gone already")
    func changes() async throws {
        let fixture = try SFTPFixture()
        let path = try fixture.files.write("a.csv", "one")
        let taken = try fixture.files.write("b.csv", "two")
        let deep = fixture.files["x"] + "/y/z"
        try await fixture.withSession { (session) async throws -> Void in
            await #expect { try await session.rename(path, to: taken) } throws: {
                ($0 as? CausewayError)?.code == .alreadyExists
            }
            #expect(fixture.files.read("b.csv") == Array("two".utf8))
            try await session.makeFolders(deep)
            try await session.makeFolders(deep)
            try await session.rename(path, to: deep + "/a.csv")
            #expect(fixture.files.read("x/y/z/a.csv") == Array("one".utf8))
            try await session.remove(deep + "/a.csv")
            try await session.remove(deep + "/a.csv")
            #expect(!fixture.files.has("x/y/z/a.csv"))
            await #expect { try await session.makeFolders(taken) } throws: {
                ($0 as? CausewayError)?.reason == "NOT_A_FOLDER"
            }
        }
    }

    @Test("tells a missing file and a missing folder")
    func missing() async throws {
        let fixture = try SFTPFixture()
        try await fixture.withSession { session in
            await #expect { _ = try await session.openFolder("/no/such") } throws: { isMissing($0, "/no/such") }
            await #expect { _ = try await session.openFile("/no", at: 0) } throws: { isMissing($0, "/no") }
            await #expect { _ = try await session.stat("/no") } throws: { isMissing($0, "/no") }
            // The session is as good as before.
            let root = try await session.stat("/")
            #expect(root.kind == .folder)
        }
    }

    @Test("tells a lack of permission", .enabled(if: TestUser.isPossible))
    func permissions() async throws {
        let fixture = try SFTPFixture()
        let user = try TestUser()
        chmod(fixture.files.path, 0o755)
        let secret = try fixture.files.write("secret.csv", "x", mode: 0o600)
        let closed = try fixture.files.makeFolder("closed", mode: 0o700)
        try await fixture.withSession(fixture.target(username: user.name)) { session in
            await #expect { _ = try await session.openFile(secret, at: 0) } throws: { isDenied($0) }
            await #expect { _ = try await session.openFolder(closed) } throws: { isDenied($0) }
            await #expect { try await session.remove(secret) } throws: { isDenied($0) }
            await #expect { try await session.rename(secret, to: secret + "2") } throws: { isDenied($0) }
            await #expect { try await session.makeFolders(closed + "/x") } throws: { isDenied($0) }
        }
    }

    @Test("explains a server that offers no SFTP")
    func noSFTP() async throws {
        var options = SSHServerFixture.Options()
        options.subsystem = nil
        let without = try SFTPFixture(options)
        let error = await without.failure(without.target())
        #expect(error?.code == .failedPrecondition)
        #expect(error?.reason == "SFTP_NOT_OFFERED")

        options.subsystem = "/bin/false"
        let broken = try SFTPFixture(options)
        let silence = await broken.failure(broken.target(operationTimeout: .seconds(1)))
        #expect(silence?.code == .unavailable)
        #expect(silence?.reason == "SFTP_SILENT")
    }

    private func isMissing(_ error: any Error, _ path: String) -> Bool {
        let error = error as? CausewayError
        return error?.code == .notFound && error?.metadata["path"] == path
    }

    private func isDenied(_ error: any Error) -> Bool {
        (error as? CausewayError)?.code == .permissionDenied
    }
}
