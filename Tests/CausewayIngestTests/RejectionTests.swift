import CausewayCore
import CausewayStore
import Testing

@testable import CausewayIngest

/// Every reason for which a row is rejected, with its place and bytes, and that reading goes on behind it.
@Suite struct RejectionTests {
    struct Case: CustomTestStringConvertible {
        var name: String
        var text: String
        /// First values of the rows that are taken.
        var taken: [String]
        var reason: RejectedRow.Reason
        var line: Int64 = 3
        var column = 0
        var sourceRow: Int64 = 2
        var raw: String
        var testDescription: String { name }
    }

    /// After the header "a,b,c" and the row "1,2,3".
    static let cases: [Case] = [
        Case(name: "too few", text: "x,y\n4,5,6\n", taken: ["1", "4"], reason: .tooFewFields, raw: "x,y"),
        Case(name: "one value", text: "x\n4,5,6\n", taken: ["1", "4"], reason: .tooFewFields, raw: "x"),
        Case(name: "too few, CRLF", text: "x,y\r\n4,5,6\r\n", taken: ["1", "4"], reason: .tooFewFields, raw: "x,y"),
        Case(name: "too few at the end", text: "x,y", taken: ["1"], reason: .tooFewFields, raw: "x,y"),
        Case(
            name: "too many", text: "x,y,z,w\n4,5,6\n", taken: ["1", "4"], reason: .tooManyFields, column: 4,
            raw: "x,y,z,w"),
        Case(
            name: "text after a quote", text: "x,\"y\"y,z\n4,5,6\n", taken: ["1", "4"], reason: .textAfterQuote,
            column: 2, raw: "x,\"y\"y,z"),
        Case(
            name: "text after a quote, more quotes in the line", text: "x,\"5\" or 6\",\"z\n4,5,6\n",
            taken: ["1", "4"],
            reason: .textAfterQuote, column: 2, raw: "x,\"5\" or 6\",\"z"),
        Case(
            name: "text after a quoted value of two lines", text: "x,\"y\ny\" y,z\n4,5,6\n", taken: ["1", "4"],
            reason: .textAfterQuote, column: 2, raw: "x,\"y\ny\" y,z"),
        Case(
            name: "stray quote before clean rows", text: "x,\"y,z\n4,5,6\n7,\"8\",9\n", taken: ["1", "4", "7"],
            reason: .unclosedQuote, column: 2, raw: "x,\"y,z"),
        Case(
            name: "stray quote before a clean row with quotes", text: "x,\"y,z\n4,\"5\",6\n", taken: ["1", "4"],
            reason: .unclosedQuote, column: 2, raw: "x,\"y,z"),
        Case(
            name: "quote open to the end", text: "x,\"y,z\n4,5,6\n7,8,9\n", taken: ["1", "4", "7"],
            reason: .unclosedQuote, column: 2, raw: "x,\"y,z"),
        Case(
            name: "quote open in the last line", text: "x,y,\"", taken: ["1"], reason: .unclosedQuote, column: 3,
            raw: "x,y,\""),
        Case(
            name: "NUL", text: "x,y\0,z\n4,5,6\n", taken: ["1", "4"], reason: .nulByte, column: 2, raw: "x,y\0,z"),
        Case(
            name: "NUL in quotes", text: "x,y,\"\0\"\n4,5,6\n", taken: ["1", "4"], reason: .nulByte, column: 3,
            raw: "x,y,\"\0\""),
        Case(
            name: "no key", text: ",y,z\n4,5,6\n", taken: ["1", "4"], reason: .emptyPrimaryKey, column: 1, raw: ",y,z"),
        Case(
            name: "quoted empty key", text: "\"\",y,z\n4,5,6\n", taken: ["1", "4"], reason: .emptyPrimaryKey,
            column: 1, raw: "\"\",y,z"),
        Case(
            name: "after a row of several lines", text: "4,\"5\n\n5\",6\n\nx,y\n", taken: ["1", "4"],
            reason: .tooFewFields, line: 7, sourceRow: 3, raw: "x,y"),
        Case(
            name: "too few over two lines", text: "\"x\nx\",y\n4,5,6\n", taken: ["1", "4"], reason: .tooFewFields,
            raw: "\"x\nx\",y"),
    ]

    @Test(arguments: cases) func rejects(_ one: Case) throws {
        var options = FileFormatOptions()
        options.primaryKey = ["a"]
        let outcome = try read("a,b,c\n1,2,3\n" + one.text, options)
        #expect(outcome.rows.map { $0[0] } == one.taken)
        let row = try #require(outcome.rejected.first)
        #expect(outcome.rejected.count == 1)
        #expect(row.reason == one.reason)
        #expect(row.line == one.line)
        #expect(row.column == one.column)
        #expect(row.sourceRow == one.sourceRow)
        #expect(String(decoding: row.raw, as: UTF8.self) == one.raw)
        #expect(!row.truncated)
        #expect(!row.message.isEmpty)
    }

    static let invalidUTF8: [[UInt8]] = [
        [0x80], [0xC3], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
        [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x82], [0xC3, 0x28],
    ]

    @Test(arguments: invalidUTF8) func rejectsInvalidUTF8(_ bytes: [UInt8]) throws {
        let bad = Array("2,é".utf8) + bytes + Array(",x".utf8)
        let content = Array("a,b,c\n1,é,\u{10FFFF}\n".utf8) + bad + Array("\n3,4,5\n".utf8)
        let (outcome, _, error) = try read(content)
        #expect(error == nil)
        #expect(outcome.rows.map { $0[0] } == ["1", "3"])
        #expect(outcome.rejected.first?.reason == .invalidUTF8)
        #expect(outcome.rejected.first?.column == 2)
        #expect(outcome.rejected.first?.line == 3)
        #expect(outcome.rejected.first?.raw == bad)
    }

    @Test func keepsTheStartOfALongRow() throws {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
        let (outcome, _, _) = try read(Array("a,b\n1,2\n".utf8) + long + Array("\n3,4\n".utf8))
        #expect(outcome.rows.count == 2)
        let row = try #require(outcome.rejected.first)
        #expect(row.reason == .tooFewFields)
        #expect(row.raw == Array(long.prefix(64 << 10)))
        #expect(row.truncated)
    }

    @Test func rejectsRowsThatAreTooLong() throws {
        var options = FileFormatOptions()
        options.maximumRowBytes = 20
        let outcome = try read(
            "a,b\n1,123456789012345678901234567890\n3,4\n5,\"lines\n6,and lines\n7,8\n9,and\" lines\n", options)
        #expect(outcome.reasons == [.rowTooLong, .unclosedQuote])
        #expect(outcome.rows.map { $0[0] } == ["3", "6", "7", "9"])
        #expect(outcome.lines == [3, 5, 6, 7])
        #expect(outcome.rejected.map(\.line) == [2, 4])
    }

    @Test func boundsALineWithoutEnd() throws {
        var reader = try FileRowReader(options: FileFormatOptions())
        reader.feed(Array("a,b\n1,2\n\"".utf8))
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        for _ in 0..<32 {
            reader.feed(piece)
            while let batch = try reader.nextBatch() { #expect(batch.rowsRead <= 1) }
            #expect(reader.bufferedBytes <= 6 << 20)
        }
        reader.feed(Array("\n3,4\n".utf8))
        reader.finish()
        var outcome = Outcome()
        while let batch = try reader.nextBatch() { outcome.add(batch) }
        #expect(outcome.rows.last == ["3", "4"])
        #expect(outcome.reasons == [.unclosedQuote])
        #expect(outcome.rejected[0].truncated)
    }

    @Test func boundsBlankLines() throws {
        var reader = try FileRowReader(options: FileFormatOptions())
        let blank = [UInt8](repeating: UInt8(ascii: "\n"), count: 1 << 20)
        for piece in [blank, Array("a,b\n".utf8), blank, Array("1,2\n".utf8)] {
            for _ in 0..<(piece.count > 4 ? 16 : 1) {
                reader.feed(piece)
                while try reader.nextBatch() != nil {}
                #expect(reader.bufferedBytes <= 6 << 20)
            }
        }
        reader.finish()
        let batch = try #require(try reader.nextBatch())
        #expect(batch.header == ["a", "b"])
        #expect(batch.rows.lines == [2 * 16 << 20 + 2])
    }

    @Test func nullKeyTokenIsNoKey() throws {
        var options = FileFormatOptions()
        options.primaryKey = ["b", "a"]
        options.nullTokens = ["NULL", "\\N"]
        let outcome = try read("a,b\n1,NULL\n2,\"NULL\"\n\\N,3\n,4\n5,NULLS\n", options)
        #expect(outcome.rows == [["2", "NULL"], ["5", "NULLS"]])
        #expect(outcome.reasons == [.emptyPrimaryKey, .emptyPrimaryKey, .emptyPrimaryKey])
        #expect(outcome.rejected.map(\.column) == [2, 1, 1])
    }
}
