import CausewayConnectorKit
import CausewayCore
import CausewayTestKit
import Synchronization
import Testing

@Suite("Scripted files")
struct ScriptedFileSourceTests {
    private func readAll(_ reader: any FileReader, limit: Int = 3) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let chunk = try await reader.read(limit: limit)
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
    }

    @Test("list, read, move and delete as a server does")
    func basics() async throws {
        let server = ScriptedFileServer(
            files: ["/in/a.csv": .init("abcdefgh"), "/in/b.csv": .init("b"), "/in/sub/c.csv": .init("c")])
        let source = ScriptedFileSource(server, pageSize: 1)
        let pages = Mutex<[[String]]>([])
        try await source.list(folder: "/in/") { page in pages.withLock { $0.append(page.map(\.path)) } }
        #expect(pages.withLock { $0 } == [["/in/a.csv"], ["/in/b.csv"]])
        #expect(try await readAll(source.open("/in/a.csv", at: 2)) == Array("cdefgh".utf8))
        #expect(try await source.move("/in/a.csv", toFolder: "/done") == "/done/a.csv")
        await server.put("/in/a.csv", .init("new"))
        #expect(try await source.move("/in/a.csv", toFolder: "/done") == "/done/a-1.csv")
        try await source.delete("/in/b.csv")
        try await source.delete("/in/b.csv")
        let left = await server.files.keys.sorted()
        #expect(left == ["/done/a-1.csv", "/done/a.csv", "/in/sub/c.csv"])
        await #expect(throws: CausewayError.self) { _ = try await source.stat("/in/b.csv") }
        await #expect(throws: CausewayError.self) { try await source.list(folder: "/no") { _ in } }
    }

    @Test("cut the link where they are told, and connect anew")
    func cut() async throws {
        let server = ScriptedFileServer(files: ["/a": .init("0123456789")])
        await server.plan(.init(.read, "/a", atOffset: 5, .cutLink))
        let source = ScriptedFileSource(server)
        let reader = try await source.open("/a", at: 0)
        #expect(try await reader.read(limit: 100) == Array("01234".utf8))
        for _ in 0..<2 {
            let error = await #expect(throws: CausewayError.self) { _ = try await reader.read(limit: 100) }
            #expect(error?.code == .unavailable)
        }
        #expect(try await readAll(source.open("/a", at: 5)) == Array("56789".utf8))
        #expect(await server.connections == 2)
        await source.close()
        #expect(await server.openSessions == 0)
    }

    @Test("fail and change as planned, and as decided by chance")
    func faults() async throws {
        let server = ScriptedFileServer(files: ["/a": .init("old")]) { call in
            call.operation == .stat ? .fail(.linkCut("by chance")) : nil
        }
        await server.plan(.init(.connect, times: 2, .fail(CausewayError(.unauthenticated, reason: "NO", "No."))))
        await server.plan(.init(.read, "/a", .replace(Array("new!".utf8), modified: Timestamp(seconds: 5))))
        let source = ScriptedFileSource(server)
        for _ in 0..<2 {
            let error = await #expect(throws: CausewayError.self) { try await source.connect { _ in } }
            #expect(error?.code == .unauthenticated)
        }
        #expect(try await readAll(source.open("/a", at: 0), limit: 10) == Array("new!".utf8))
        await #expect(throws: CausewayError.self) { _ = try await source.stat("/a") }
    }
}
