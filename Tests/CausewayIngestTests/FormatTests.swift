import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayIngest

@Suite struct FormatTests {
    static let dialects: [(String, Character, Character)] = [
        ("a,b,c\n1,2,3\n", ",", "\""),
        ("a;b;c\n1,5;2,5;3,5\n2,5;1;2\n", ";", "\""),
        ("a\tb\tc\n1,2\t3\t4\n", "\t", "\""),
        ("a|b|c\nx, y|2|3\nx|2, z|4\n", "|", "\""),
        ("a,b\n\"1;2;3;4\",2\n\"1;2;3;4\",3\n", ",", "\""),
        ("a;b\n\"x\ny, z\";2\n\"1, 2, 3\";3\n", ";", "\""),
        ("only\none\ncolumn\n", ",", "\""),
        ("a,b\n'x, y','z'\n'it''s','1, 2'\n", ",", "'"),
        ("a,b\nit's,ok\n'tis,fine\n", ",", "\""),
        ("name,note\nAda,a; b; c\nBo,d; e; f\n", ",", "\""),
        ("\"a\"|\"b\"\n\"1\"\n\"2\"\n", "|", "\""),
        ("", ",", "\""),
    ]

    @Test(arguments: dialects) func findsOutDialect(_ text: String, _ delimiter: Character, _ quote: Character) {
        let found = DialectDetection.dialect(Array(text.utf8)[...], isWhole: true, options: FileFormatOptions())
        #expect(found.delimiter == delimiter.asciiValue)
        #expect(found.quote == quote.asciiValue)
    }

    @Test func optionsBeatDetection() throws {
        var options = FileFormatOptions()
        options.delimiter = UInt8(ascii: "^")
        options.quote = FileFormatOptions.QuoteOption.none
        let outcome = try read("a^b\n\"1^2\"\n", options)
        #expect(outcome.rows == [["\"1", "2\""]])
    }

    static let headers: [([String], [String])] = [
        (["a", "b"], ["a", "b"]),
        ([" a ", "\tb\u{A0}"], ["a", "b"]),
        (["", " ", "c"], ["column_1", "column_2", "c"]),
        (["a", "a", "a"], ["a", "a_2", "a_3"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["a\nb", "c\u{0}"], ["a b", "c"]),
        (["column_2", ""], ["column_2", "column_2_2"]),
        ([String(repeating: "é", count: 200)], [String(repeating: "é", count: 128)]),
    ]

    @Test(arguments: headers) func makesLabels(_ cells: [String], _ labels: [String]) {
        #expect(HeaderLabels.labels(cells) == labels)
    }

    @Test func readsFilesWithoutHeader() throws {
        var options = FileFormatOptions()
        options.hasHeader = false
        let outcome = try read("\n1,2\n3,4\n5\n", options)
        #expect(outcome.header == ["column_1", "column_2"])
        #expect(outcome.rows == [["1", "2"], ["3", "4"]])
        #expect(outcome.lines == [2, 3])
        #expect(outcome.reasons == [.tooFewFields])
    }

    @Test func doubtsHeaderOfValues() throws {
        for (text, isDoubtful) in [("id,name\n1,x\n", false), ("1,x\n2,y\n", true), ("2024-01-01,b\n", true)] {
            var reader = try FileRowReader(options: FileFormatOptions())
            reader.feed(Array(text.utf8))
            reader.finish()
            while try reader.nextBatch() != nil {}
            #expect(reader.isHeaderDoubtful == isDoubtful)
        }
    }

    @Test func emptyFiles() throws {
        for text in ["", "\n", "\r\n\n", "\u{FEFF}"] {
            let (outcome, checkpoints, error) = try read(Array(text.utf8))
            #expect(error == nil)
            #expect(outcome == Outcome())
            #expect(checkpoints.isEmpty)
        }
        let (outcome, checkpoints, _) = try read(Array("a,b\n".utf8))
        #expect(outcome.header == ["a", "b"])
        #expect(outcome.rows.isEmpty)
        #expect(checkpoints.map(\.contentOffset) == [4])
    }

    static let badHeaders: [(String, String)] = [
        ("a,\"b\n1,2\n", "UNREADABLE_HEADER"), ("a,\"b\"c\n1,2\n", "UNREADABLE_HEADER"),
        ("a,\0\n1,2\n", "UNREADABLE_HEADER"), (String(repeating: ",", count: 4_096) + "\n1\n", "TOO_MANY_COLUMNS"),
        ("b,c\n1,2\n", "PRIMARY_KEY_MISSING"),
    ]

    @Test(arguments: badHeaders) func refusesHeaders(_ text: String, _ reason: String) throws {
        var options = FileFormatOptions()
        options.primaryKey = ["a"]
        let (outcome, _, error) = try read(Array(text.utf8), options)
        #expect(error?.reason == reason)
        #expect(error?.code == .failedPrecondition)
        #expect(outcome.rows.isEmpty)
    }

    @Test func takesFourThousandColumns() throws {
        let header = (0..<4_096).map { "c\($0)" }.joined(separator: ",")
        let row = (0..<4_096).map(String.init).joined(separator: ",")
        let outcome = try read(header + "\n" + row + "\n" + row + ",1\n")
        #expect(outcome.header.count == 4_096)
        #expect(outcome.rows.count == 1)
        #expect(outcome.rows[0].last == "4095")
        #expect(outcome.rejected.first?.column == 4_097)
    }

    @Test func checkpointsComeBackFromTheStore() throws {
        let format = FileFormat(
            encoding: .utf16BigEndian, compression: .zstd, dialect: Dialect(delimiter: 9, quote: nil),
            header: ["a", "é"])
        let checkpoint = FileCheckpoint(sourceOffset: 0, contentOffset: 12, rows: 3, lines: 5, format: format)
        #expect(FileCheckpoint(StoredFileCheckpoint(checkpoint)) == checkpoint)
        var stored = StoredFileCheckpoint(checkpoint)
        stored.format?.encoding = "ebcdic"
        #expect(FileCheckpoint(stored) == nil)
        stored = StoredFileCheckpoint(checkpoint)
        stored.rows = -1
        #expect(FileCheckpoint(stored) == nil)
        stored = StoredFileCheckpoint(checkpoint)
        stored.format?.delimiter = 300
        #expect(FileCheckpoint(stored) == nil)
    }

    @Test func readsSettings() throws {
        let options = try FileFormatOptions(settings: [
            "delimiter": .text("tab"), "quote": .text("none"), "header": .boolean(false), "encoding": .text("latin1"),
            "null_values": .texts(["", "NULL"]), "primary_key": .texts(["id"]),
        ])
        #expect(options.delimiter == 9)
        #expect(options.quote == FileFormatOptions.QuoteOption.none)
        #expect(options.hasHeader == false)
        #expect(options.encoding == .fixed(.latin1))
        #expect(options.nullTokens == ["", "NULL"])
        #expect(options.primaryKey == ["id"])
        #expect(try FileFormatOptions(settings: ["delimiter": .text("auto")]) == FileFormatOptions())
        for bad in [
            ("delimiter", "ab"), ("delimiter", "é"), ("delimiter", "\n"), ("quote", "''"), ("encoding", "ebcdic"),
        ] {
            #expect(throws: CausewayError.self) { try FileFormatOptions(settings: [bad.0: .text(bad.1)]) }
        }
        #expect(throws: CausewayError.self) {
            try FileFormatOptions(settings: ["delimiter": .text("|"), "quote": .text("|")])
        }
    }
}
