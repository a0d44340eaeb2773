import Glibc
import Testing

@testable import CausewayIngest

/// The same rows as Python's csv module reads, for files as a careful writer writes them.
@Suite struct PythonOracleTests {
    private static let python = "/usr/bin/python3"
    private static let program = """
        import csv, sys
        with open(sys.argv[1], newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row][1:]
        sys.stdout.buffer.write("\\x1e".join("\\x1f".join(row) for row in rows).encode("utf-8"))
        """

    @Test(.enabled(if: access(python, X_OK) == 0, "needs python3"), arguments: [UInt64(1), 2, 3, 4])
    func sameRows(seed: UInt64) throws {
        var numbers = SeededNumbers(seed &+ 9_000)
        let (text, _) = RandomText.tame(&numbers, rows: 500, columns: Int.random(in: 2...12, using: &numbers))
        // Quotes inside unquoted values, which both keep.
        let content = text + Array(String(repeating: "5\" x,", count: 2).utf8)
        let expected = String(decoding: try runPython(content), as: UTF8.self)
            .split(separator: "\u{1E}", omittingEmptySubsequences: false)
            .map { $0.split(separator: "\u{1F}", omittingEmptySubsequences: false).map(String.init) }

        var options = FileFormatOptions()
        options.nullTokens = []
        let (outcome, _, error) = try read(content, options, cut: { Int.random(in: 1...500, using: &numbers) })
        #expect(error == nil)
        let columns = outcome.header.count
        #expect(outcome.rows == expected.filter { $0.count == columns })
        #expect(outcome.rejected.count == expected.filter { $0.count != columns }.count)
    }

    private func runPython(_ content: [UInt8]) throws -> [UInt8] {
        var path = Array("/tmp/causeway-csv-XXXXXX\0".utf8CString.dropLast())
        let file = mkstemp(&path)
        try #require(file >= 0)
        defer {
            close(file)
            unlink(path)
        }
        try content.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let count = write(file, bytes.baseAddress.map { $0 + written }, bytes.count - written)
                try #require(count > 0)
                written += count
            }
        }
        let quoted = Self.program.split(separator: "'").joined(separator: "'\\''")
        let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let pipe = try #require(popen("\(Self.python) -c '\(quoted)' \(name)", "r"))
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            if count == 0 { break }
            output += buffer[..<count]
        }
        #expect(pclose(pipe) == 0)
        return output
    }
}
