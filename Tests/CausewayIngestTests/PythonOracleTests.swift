import Glibc
import Testing

@testable import CausewayIngest

/// The same rows as Python's csv module reads, for files as a careful writer writes them.
@Suite struct PythonOracleTests {
    private static let program = """
        import csv, sys
        with open(sys.argv[1], newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row][1:]
        sys.stdout.buffer.write("\\x1e".join("\\x1f".join(row) for row in rows).encode("utf-8"))
        """

    @Test(.enabled(if: Python.isInstalled, "needs python3"), arguments: [UInt64(1), 2, 3, 4])
    func sameRows(seed: UInt64) throws {
        var numbers = SeededNumbers(seed &+ 9_000)
        let (text, _) = RandomText.tame(&numbers, rows: 500, columns: Int.random(in: 2...12, using: &numbers))
        // Quotes inside unquoted values, which both keep.
        let content = text + Array(String(repeating: "5\" x,", count: 2).utf8)
        let expected = String(decoding: try Python.run(Self.program, content), as: UTF8.self)
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
}
