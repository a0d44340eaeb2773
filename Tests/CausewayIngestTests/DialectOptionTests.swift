import CausewayCore
import CausewayMessages
import CausewayStore
import Testing

@testable import CausewayIngest

/// Escapes, comments, ragged rows, skipped lines, trimmed values.
@Suite struct DialectOptionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var set: @Sendable (inout FileFormatOptions) -> Void
        var text: String
        var rows: [[String?]]
        var reasons: [RejectedRow.Reason] = []
        var lines: [Int64]
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "escape", set: { $0.escape = UInt8(ascii: "\\") },
            text: "a,b\n\"x\\\"y\",\"\\\\\"\n\"c:\\d\\n\",z\\\"\n\"\",\"\\\\\\\"\"\n",
            rows: [["x\"y", "\\"], ["c:\\d\\n", "z\\\""], [nil, "\\\""]], lines: [2, 3, 4]),
        Case(
            name: "doubled quotes beside an escape", set: { $0.escape = UInt8(ascii: "\\") },
            text: "a,b\n\"x\"\"y\",1\n2,3\n", rows: [["2", "3"]], reasons: [.textAfterQuote], lines: [3]),
        Case(
            name: "escape that is the quote", set: { $0.escape = UInt8(ascii: "\"") }, text: "a,b\n\"x\"\"y\",1\n",
            rows: [["x\"y", "1"]], lines: [2]),
        Case(
            name: "escape at the end", set: { $0.escape = UInt8(ascii: "\\") }, text: "a,b\n1,2\n3,\"\\",
            rows: [["1", "2"]], reasons: [.unclosedQuote], lines: [2]),
        Case(
            name: "comments", set: { $0.comment = UInt8(ascii: "#") },
            text: "# \"made\", by hand\na,b\n1,#2\n#3,4\n\n#\r\n5,\"6\n#7\"\n# last",
            rows: [["1", "#2"], ["5", "6\n#7"]], lines: [3, 7]),
        Case(name: "no comments", set: { _ in }, text: "a,b\n#1,2\n", rows: [["#1", "2"]], lines: [2]),
        Case(
            name: "pad", set: { $0.raggedRows = .pad }, text: "a,b,c\n1\n2,3\n4,5,6\n7,8,9,0\n",
            rows: [["1", nil, nil], ["2", "3", nil], ["4", "5", "6"]], reasons: [.tooManyFields], lines: [2, 3, 4]),
        Case(
            name: "truncate", set: { $0.raggedRows = .truncate }, text: "a,b,c\n1\n4,5,6,\n7,8,9,\"0\nx\"\n",
            rows: [["1", nil, nil], ["4", "5", "6"], ["7", "8", "9"]], lines: [2, 3, 4]),
        Case(
            name: "padded key", set: { ($0.raggedRows, $0.primaryKey) = (.pad, ["b"]) }, text: "a,b\n1\n2,3\n",
            rows: [["2", "3"]], reasons: [.emptyPrimaryKey], lines: [3]),
        Case(
            name: "skipped lines", set: { $0.skipRows = 3 }, text: "\"report, 1\r\n\r\nof; today\r\na;b\r\n1;2\r\n",
            rows: [["1", "2"]], lines: [5]),
        Case(
            name: "skipped lines and comments", set: { ($0.skipRows, $0.comment) = (1, UInt8(ascii: "#")) },
            text: "#x\n#y\na,b\n1,2\n", rows: [["1", "2"]], lines: [4]),
        Case(
            name: "skipped lines without header", set: { ($0.skipRows, $0.hasHeader) = (1, false) },
            text: "x\n1,2\n3,4\n", rows: [["1", "2"], ["3", "4"]], lines: [2, 3]),
        Case(
            name: "more skipped lines than there are", set: { $0.skipRows = 9 }, text: "a,b\n1,2", rows: [],
            lines: []),
        Case(
            name: "trim", set: { $0.trimsValues = true }, text: "a , b\n 1\t,\" 2 \"\n  , x y \n",
            rows: [["1", " 2 "], [nil, "x y"]], lines: [2, 3]),
        Case(
            name: "trimmed null tokens", set: { ($0.trimsValues, $0.nullTokens) = (true, ["NULL"]) },
            text: "a,b\n NULL ,\" NULL\"\n ,\n", rows: [[nil, " NULL"], ["", ""]], lines: [2, 3]),
    ]

    @Test(arguments: cases) func reads(_ one: Case) throws {
        var options = FileFormatOptions()
        one.set(&options)
        for pieces in [Int.max, 1, 3] {
            let (outcome, _, error) = try read(Array(one.text.utf8), options, cut: { pieces })
            #expect(error == nil)
            #expect(outcome.rows == one.rows)
            #expect(outcome.reasons == one.reasons)
            #expect(outcome.lines == one.lines)
        }
        options.batchRows = 1
        let (whole, checkpoints, _) = try read(Array(one.text.utf8), options)
        for checkpoint in checkpoints {
            let stored = try #require(FileCheckpoint(StoredFileCheckpoint(checkpoint)))
            #expect(stored == checkpoint)
            let rest = try read(Array(one.text.utf8), options, resume: stored, cut: { 2 }).outcome
            #expect(rest.rows == Array(whole.rows.suffix(rest.rows.count)))
            #expect(rest.lines == Array(whole.lines.suffix(rest.rows.count)))
            #expect(rest.rejected == Array(whole.rejected.suffix(rest.rejected.count)))
            let count = whole.rows.count + whole.rejected.count
            #expect(Int(checkpoint.rows) + rest.rows.count + rest.rejected.count == count)
        }
    }

    @Test func detectsAroundCommentsAndEscapes() {
        var options = FileFormatOptions()
        options.comment = UInt8(ascii: "|")
        options.escape = UInt8(ascii: "\\")
        options.skipRows = 1
        let text = "1,2,3\n|a,b|c,d|\nx;y\n\"a\\\"; b\";2\n\"c\\\"; d\";2,5\n"
        let found = DialectDetection.dialect(Array(text.utf8)[...], isWhole: true, options: options)
        #expect(
            found
                == Dialect(
                    delimiter: UInt8(ascii: ";"), escape: UInt8(ascii: "\\"), comment: UInt8(ascii: "|")))
    }

    @Test func readsSettings() throws {
        let options = try FileFormatOptions(settings: [
            "escape": .text("\\"), "comment": .text("#"), "ragged_rows": .text("pad"), "skip_rows": .integer(2),
            "trim_values": .boolean(true),
        ])
        #expect(options.escape == UInt8(ascii: "\\"))
        #expect(options.comment == UInt8(ascii: "#"))
        #expect(options.raggedRows == .pad)
        #expect(options.skipRows == 2)
        #expect(options.trimsValues)
        let bad: [Settings] = [
            ["escape": .text("ab")], ["comment": .text("é")], ["ragged_rows": .text("drop")],
            ["escape": .text("#"), "comment": .text("#")], ["comment": .text(";"), "delimiter": .text(";")],
            ["comment": .text("'"), "quote": .text("'")],
        ]
        for settings in bad { #expect(throws: CausewayError.self) { try FileFormatOptions(settings: settings) } }
    }

    @Test func boundsACommentWithoutEnd() throws {
        var options = FileFormatOptions()
        options.comment = UInt8(ascii: "#")
        options.delimiter = UInt8(ascii: ",")
        var reader = try FileRowReader(options: options)
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        for start in ["#", "a,b\n#"] {
            reader.feed(Array(start.utf8))
            for _ in 0..<16 {
                reader.feed(piece)
                while try reader.nextBatch() != nil {}
                #expect(reader.bufferedBytes <= 2 << 20)
            }
            reader.feed([Byte.lineFeed])
        }
        reader.feed(Array("1,2\n".utf8))
        reader.finish()
        let batch = try #require(try reader.nextBatch())
        #expect(batch.header == ["a", "b"])
        #expect(batch.rows.lines == [4])
    }
}
