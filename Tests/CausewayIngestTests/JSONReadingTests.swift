import CausewayCore
import Testing

@testable import CausewayIngest

@Suite struct JSONReadingTests {
    private func kind(_ text: String, _ option: FileFormatOptions.FormatOption? = nil) -> FileKind {
        JSONDetection.kind(Array(text.utf8)[...], isWhole: true, option: option)
    }

    static let kinds: [(String, FileKind)] = [
        ("{\"a\":1}\n{\"a\":2}\n", .jsonLines), ("\n \n{\"a\":1}", .jsonLines), ("{}", .jsonLines),
        ("{\n \"a\": 1\n}\n", .jsonObjects), ("{ \"a\": [\n1]}{}", .jsonObjects), ("{\"a\":1,\n", .jsonObjects),
        ("{\"a\":\"x\n\"}", .jsonLines), ("{\"a\":,\n", .jsonLines), ("[{\"a\":1}]", .jsonArray), ("[\n]", .jsonArray),
        (" [ null ]", .jsonArray), ("[id],[name]\n", .csv), ("{x},y\n", .csv), ("a,b\n", .csv), ("", .csv),
    ]

    @Test(arguments: kinds) func findsOutKind(_ text: String, _ kind: FileKind) {
        #expect(self.kind(text) == kind)
        #expect(self.kind(text, .csv) == .csv)
        #expect(self.kind(text, .jsonLines) == .jsonLines)
    }

    @Test func flattensObjects() throws {
        let outcome = try read(
            """
            {"id":1,"context":{"ip":"::1","device":{"os":"x"}},"tags":["a", 2],"none":{}}
            {"id":2,"extra":true,"context":{"ip":null}}

            {"context.ip":"last","id":"","tags":[]}
            """)
        #expect(outcome.header == ["id", "context.ip", "context.device.os", "tags", "none", "extra"])
        #expect(
            outcome.rows == [
                ["1", "::1", "x", "[\"a\",2]", nil, nil], ["2", nil, nil, nil, nil, "true"],
                [nil, "last", nil, "[]", nil, nil],
            ])
        #expect(outcome.lines == [1, 2, 4])
        #expect(outcome.sourceRows == [1, 2, 3])
    }

    @Test func keepsObjectsAsJSON() throws {
        var options = FileFormatOptions()
        options.nested = .json
        options.nullTokens = []
        let outcome = try read("{\"a\":{ \"b\" : [1, \"x \\\" y\"] },\"c\":\"\"}", options)
        #expect(outcome.header == ["a", "c"])
        #expect(outcome.rows == [["{\"b\":[1,\"x \\\" y\"]}", ""]])
    }

    @Test func lastOfAFieldCounts() throws {
        let outcome = try read(#"{"a":1,"a":2,"b.c":3,"b":{"c":4},"\u0061":5,"d":1,"d":null}"#)
        #expect(outcome.header == ["a", "b.c", "d"])
        #expect(outcome.rows == [["5", "4", nil]])
    }

    @Test func makesTextsAndNulls() throws {
        var options = FileFormatOptions()
        options.nullTokens = ["n/a", "-1"]
        let outcome = try read(#"{"a":"n\/a","b":-1,"c":"","d":"\ud83d\ude00é\u00e9\t","e":1.50,"f":false}"#, options)
        #expect(outcome.rows == [[nil, nil, "", "😀éé\t", "1.50", "false"]])
    }

    @Test func keysMustHaveValues() throws {
        var options = FileFormatOptions()
        options.primaryKey = ["id", "at"]
        let outcome = try read(
            "{\"x\":1}\n{\"id\":1,\"at\":2}\n{\"id\":null,\"at\":2}\n{\"id\":\"\",\"at\":2}\n{\"y\":1,\"at\":2}\n",
            options)
        #expect(outcome.reasons == Array(repeating: .emptyPrimaryKey, count: 4))
        #expect(outcome.header == ["id", "at"])
        #expect(outcome.rows == [["1", "2"]])
    }

    @Test func showsKeyWhereAllRowsAreRejected() throws {
        var options = FileFormatOptions()
        options.primaryKey = ["id", "at"]
        let (outcome, checkpoints, error) = try read(Array("{\"x\":1}\n{}\n".utf8), options)
        #expect(error == nil)
        #expect(outcome.header == ["id", "at"])
        #expect(outcome.reasons == [.emptyPrimaryKey, .noFields])
        #expect(checkpoints.last?.format.header == ["id", "at"])
        #expect(try read("{}\n").header == [])
    }

    @Test func readsArraysOverLines() throws {
        let outcome = try read("\n[ {\"a\":\n1},\n 5, {\"b\":[\n]}\n,{\"a\":{}}\n]\n \n")
        #expect(outcome.header == ["a", "b"])
        #expect(outcome.rows == [["1", nil], [nil, "[]"], [nil, nil]])
        #expect(outcome.lines == [2, 4, 6])
        #expect(outcome.reasons == [.notAnObject])
        #expect(outcome.rejected.first?.line == 4)
        #expect(try read("[]") == Outcome())
    }

    @Test func readsObjectsOverLines() throws {
        let outcome = try read("{\n \"a\": 1,\n \"b\": 2\n}\n{ \"a\":3 }{\n\"b\":4}\n")
        #expect(outcome.rows == [["1", "2"], ["3", nil], [nil, "4"]])
        #expect(outcome.lines == [1, 5, 5])
    }

    static let brokenFiles: [(String, Int, [RejectedRow.Reason])] = [
        ("[{\"a\":1}", 1, []), ("[{\"a\":1},", 1, []), ("[{\"a\":1},]", 1, []), ("[{\"a\":1} {\"a\":2}]", 1, []),
        ("[{\"a\":1}]x", 1, []), ("[{\"a\":1}][]", 1, []), ("[{\"a\":1},{\"a\":x},{\"a\":3}]", 1, [.invalidJSON]),
        ("[{\"a\":1},{\"a\":2", 1, [.invalidJSON]), ("[,{\"a\":1}]", 0, []),
        ("{\n\"a\":1}\n{\"a\"\n:}\n{\"a\":3}", 1, [.invalidJSON]),
    ]

    @Test(arguments: brokenFiles) func endsBrokenFiles(
        _ text: String, _ rows: Int, _ reasons: [RejectedRow.Reason]
    ) throws {
        var options = FileFormatOptions()
        options.format = .json
        for size in [1, 3, .max] {
            let (outcome, checkpoints, error) = try read(Array(text.utf8), options, cut: { size })
            #expect(error?.reason == "INVALID_JSON_FILE")
            #expect(error?.code == .failedPrecondition)
            #expect(outcome.rows.count == rows)
            #expect(outcome.reasons == reasons)
            guard text.first == "[", let last = checkpoints.last else { continue }
            // Nothing comes out a second time.
            let (rest, _, again) = try read(Array(text.utf8), options, resume: last)
            #expect(again?.reason == "INVALID_JSON_FILE")
            #expect(rest == Outcome())
        }
        #expect(try read(Array("5".utf8), options).error?.reason == "INVALID_JSON_FILE")
    }

    @Test func passesOverWhatIsTooLongOrDeep() throws {
        var options = FileFormatOptions()
        options.maximumRowBytes = 40
        let long = String(repeating: "x ]}\\\"", count: 20)
        let deep = String(repeating: "[", count: 70) + "\"]\"" + String(repeating: "]", count: 70)
        let objects = ["{\"a\":1}", "{\"a\":\"\(long)\"}", "{\"a\":2}", "{\"a\":\(deep)}", "\"\(long)\"", "{\"a\":3}"]
        for (start, separator, end) in [("[", ",\n", "]"), ("", "\n", "\r\n")] {
            let text = start + objects.joined(separator: separator) + end
            let whole = try read(text, options)
            #expect(whole.rows == [["1"], ["2"], ["3"]])
            #expect(whole.reasons == Array(repeating: .rowTooLong, count: 3))
            #expect(whole.rejected.map(\.raw) == [1, 3, 4].map { Array(objects[$0].utf8) })
            #expect(whole.lines == [1, 3, 6])
            for size in [1, 7, 50] { #expect(try read(Array(text.utf8), options, cut: { size }).outcome == whole) }
        }
        options.maximumRowBytes = 4 << 20
        let outcome = try read("[{\"a\":\(deep)},{\"a\":2}]", options)
        #expect(outcome.reasons == [.nestedTooDeeply])
        #expect(outcome.rows == [["2"]])
    }

    @Test func boundsColumns() throws {
        let wide = (0..<4_096).map { "\"c\($0)\":\($0)" }.joined(separator: ",")
        let outcome = try read("{\"c0\":5}\n{\(wide)}\n{\(wide),\"more\":1}\n{\"more\":1}\n{\"c1\":6}")
        #expect(outcome.header.count == 4_096)
        #expect(outcome.rows.count == 3)
        #expect(outcome.rows[1].last == "4095")
        #expect(outcome.reasons == [.tooManyFields, .tooManyFields])
        #expect(outcome.rows[2][1] == "6")
    }

    @Test func wideRowBeginsABatchOfItsOwn() throws {
        let wide = (0..<4_000).map { "\"c\($0)\":\($0)" }.joined(separator: ",")
        let text =
            String(repeating: "{\"c0\":1}\n", count: 1_000) + "{\(wide)}\n"
            + String(repeating: "{\"c0\":1}\n", count: 10)
        let (outcome, checkpoints, _) = try read(Array(text.utf8))
        #expect(checkpoints.map(\.format.header.count).prefix(2) == [1, 4_000])
        #expect(outcome.rows.count == 1_011)
        #expect(outcome.rows[1_000].last == "3999")
    }

    @Test func manyNamesTakeNoTime() throws {
        // Each row has names of its own, and none can be taken any more.
        var text = "{" + (0..<4_096).map { "\"c\($0)\":1" }.joined(separator: ",") + "}\n"
        for row in 0..<5_000 { text += "{\"n\(row)\":{\"m\(row)\":1}}\n" }
        let outcome = try read(text)
        #expect(outcome.rows.count == 1)
        #expect(outcome.rejected.count == 5_000)
    }

    @Test func readsOtherEncodings() throws {
        let text = "{\"né\":\"东\u{1F600}\"}\r\n{\"né\":\"x\\u00e9\"}\r\n"
        let units = Array(text.utf16)
        let files: [[UInt8]] = [
            [0xEF, 0xBB, 0xBF] + Array(text.utf8), units.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] },
            [0xFE, 0xFF] + units.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] },
        ]
        for bytes in files {
            var options = FileFormatOptions()
            options.batchRows = 1
            let (outcome, checkpoints, error) = try read(bytes, options, cut: { 1 })
            #expect(error == nil)
            #expect(outcome.header == ["né"])
            #expect(outcome.rows == [["东\u{1F600}"], ["xé"]])
            #expect(checkpoints.last?.contentOffset == Int64(bytes.count))
            let rest = try read(bytes, options, resume: checkpoints[0]).outcome
            #expect(rest.rows == [["xé"]])
        }
        var latin = FileFormatOptions()
        latin.encoding = .fixed(.latin1)
        #expect(try read(Array("{\"a\":\"".utf8) + [0xE9] + Array("\"}".utf8), latin).outcome.rows == [["é"]])
    }

    @Test func proposesJSON() throws {
        var reader = try FileRowReader(options: FileFormatOptions())
        reader.feed(
            Array("{\"a\":[1],\"b\":1,\"c\":[2],\"d\":true}\n{\"a\":[],\"b\":2.5,\"c\":\"[\",\"d\":false}\n".utf8))
        reader.finish()
        let next = try reader.nextBatch()
        let batch = try #require(next)
        var proposer = TypeProposer(columnCount: 4)
        proposer.observe(batch.rows)
        #expect(proposer.types == [.json, .decimal, .text, .boolean])
        #expect(TypeCandidates(.json).narrowest == .json)
    }
}
