import CausewayMessages
import Glibc
import Testing

@testable import CausewayCommands

@Suite struct ExportTests {
    private let daemon = ScriptedDaemon()
    private let capture = Capture()

    /// A folder of its own, removed after the test.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        var template = Array("/tmp/causeway-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure.system("no folder", errno) }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            for name in names(folder) { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        try await body(folder)
    }

    private func names(_ folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private func content(_ path: String) throws -> String {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw Failure.system("no file", errno) }
        defer { close(descriptor) }
        return String(decoding: try Descriptor.readAll(descriptor, limit: 1 << 20, path), as: UTF8.self)
    }

    private func script(_ pieces: [String]) {
        daemon.on(
            DataServiceMethods.exportRecords,
            streams: pieces.enumerated().map { index, piece in
                .with {
                    $0.content = Array(piece.utf8)
                    $0.recordCount = Int64(index + 1)
                }
            })
    }

    @Test func thePiecesJoinedAreTheExport() async throws {
        script(["id\n1", "\n2\u{1B}\n"])
        try await run(["entity", "export", "crm", "customers"], daemon, capture)
        #expect(capture.out == "id\n1\n2\u{1B}\n")
        #expect(capture.err == "Exported 2 records.\n")
    }

    @Test func onATerminalControlsAreMadeVisible() throws {
        let screen = Screen(isTerminal: true, columns: 80, colours: false)
        try capture.console(out: screen).data(Array("a\u{1B}[2J\nb".utf8))
        #expect(capture.out == "a\\x1b[2J\nb")
    }

    @Test func aFileIsWholeOrNotThere() async throws {
        script(["id\n", "1\n"])
        try await withFolder { folder in
            let path = "\(folder)/out.csv"
            try await run(["entity", "export", "crm", "customers", "--to", path], daemon, capture)
            #expect(try content(path) == "id\n1\n")

            script(["other"])
            await #expect {
                try await run(["entity", "export", "crm", "customers", "--to", path], daemon, capture)
            } throws: {
                ($0 as? Failure)?.status == .cannotCreate
            }
            #expect(try content(path) == "id\n1\n")
            try await run(["entity", "export", "crm", "customers", "--to", path, "--force"], daemon, capture)
            #expect(try content(path) == "other")
            #expect(names(folder) == ["out.csv"])
        }
    }

    @Test func anExportThatBreaksLeavesNothing() async throws {
        try await withFolder { folder in
            do {
                let target = try ExportTarget("\(folder)/out.csv", overwrites: false, capture.console())
                try target.write(Array("half".utf8))
                #expect(names(folder).count == 1)
            }
            #expect(names(folder).isEmpty)
            #expect { try ExportTarget("\(folder)/no/out.csv", overwrites: false, capture.console()) } throws: {
                ($0 as? Failure)?.status == .notFound
            }
        }
    }

    @Test func quarantinedRowsEndInANewline() {
        let row = QuarantinedRow.with { $0.raw = Array("7,x".utf8) }
        #expect(QuarantineExport.bytes(row, .table) == Array("7,x\n".utf8))
        #expect(QuarantineExport.bytes(.with { $0.raw = Array("7,x\n".utf8) }, .table) == Array("7,x\n".utf8))
        #expect(String(decoding: QuarantineExport.bytes(row, .json), as: UTF8.self).hasSuffix("}\n"))
    }

    @Test func bytesThatAreWithheldAreNoEmptyRows() {
        let row = QuarantinedRow.with { $0.rawWithheld = true }
        #expect(QuarantineExport.bytes(row, .table).isEmpty)
        let json = String(decoding: QuarantineExport.bytes(row, .json), as: UTF8.self)
        #expect(json.contains("\"rawWithheld\":true"))
        #expect(!json.contains("rawText") && !json.contains("rawBase64"))
    }
}
