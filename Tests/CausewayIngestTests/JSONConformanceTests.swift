import Testing

@testable import CausewayIngest

/// What RFC 8259 lets through and what it does not.
@Suite struct JSONConformanceTests {
    static let accepted = [
        #"{"a":[]}"#, #"{"a":[[]]}"#, #"{"a":{}}"#, #"{"a":0}"#, #"{"a":-0}"#, #"{"a":-1}"#, #"{"a":1e5}"#,
        #"{"a":1E+5}"#, #"{"a":1.5e-10}"#, #"{"a":123456789012345678901234567890}"#, #"{"a":0.1}"#, #"{"a":0e1}"#,
        #"{"a":true}"#, #"{"a":false}"#, #"{"a":null}"#, #"{"a":""}"#, #"{"":1}"#, #"{"a":"\u0061\uD83D\uDE00"}"#,
        #"{"a":"\"\\\/\b\f\n\r\t"}"#, "{\"a\":\"\u{7F}\"}", #"{"a":"é東🜁"}"#, " \t{ \"a\" : 1 , \"b\" : [ 1 , 2 ] } \r",
        #"{"a":[1,"x",null,true,{"b":[{}]}]}"#, #"{"a":1,"a":2}"#, #"{"a\u0020b":1}"#, "{\"a\":\"\u{2028}\u{FEFF}\"}",
        #"{"a":[-0.0e-0]}"#, #"{"a":"\uFFFF"}"#, #"{"a":["\uD800"]}"#,
    ]

    @Test(arguments: accepted) func takes(_ text: String) throws {
        var options = FileFormatOptions()
        options.format = .jsonLines
        let outcome = try read(text + "\n", options)
        #expect(outcome.rows.count == 1)
        #expect(outcome.rejected.isEmpty)
        #expect(try read("[" + text + "]").rows == outcome.rows)
    }

    static let refused = [
        "{", "}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,"a":1}"#, #"{"a":1"b":2}"#, #"{"a":1,,"b":2}"#, #"{a:1}"#,
        #"{'a':1}"#, #"{"a":'x'}"#, #"{"a":01}"#, #"{"a":+1}"#, #"{"a":.5}"#, #"{"a":1.}"#, #"{"a":1e}"#,
        #"{"a":1e+}"#, #"{"a":-}"#, #"{"a":--1}"#, #"{"a":0x1}"#, #"{"a":NaN}"#, #"{"a":Infinity}"#,
        #"{"a":-Infinity}"#,
        #"{"a":True}"#, #"{"a":tru}"#, #"{"a":nulll}"#, #"{"a":"x}"#, #"{"a":"\x"}"#, #"{"a":"\u00g0"}"#,
        #"{"a":"\u12"}"#, #"{"a":"\"#, "{\"a\":\"\t\"}", "{\"a\":\"\u{1}\"}", "{\"a\":1}\u{0}", #"{"a":1}}"#,
        #"{"a":1} x"#, #"{"a":1}{"b":2}"#, #"{"a":[1}"#, #"{"a":[1,]}"#, #"{"a":[,1]}"#, #"{"a":[1 2]}"#, #"{"a":[}"#,
        #"{"a":{]}"#, #"{"a":{"b":1]}"#, #"{"a" 1}"#, #"{"a"::1}"#, #"{1:2}"#, #"{null:1}"#, #"{"a":1 /* no */}"#,
        "{\"a\":\u{A0}1}", #"{"a":1_000}"#, #"{"a":1e1.5}"#, #"{"a":"b":"c"}"#, #"{"a":[1:2]}"#, #"{"a":["x]}"#,
        #"{"a":{"b"}}"#, #"{"\uZZZZ":1}"#, "{\"a\":\u{FEFF}1}",
    ]

    @Test(arguments: refused) func refuses(_ text: String) throws {
        var options = FileFormatOptions()
        options.format = .jsonLines
        let outcome = try read("\(text)\n{\"good\":1}", options)
        #expect(outcome.reasons == [.invalidJSON])
        #expect(outcome.rejected.first?.raw == Array(text.utf8))
        #expect(outcome.rows == [["1"]])
        #expect(outcome.lines == [2])
    }

    static let flawed: [(String, RejectedRow.Reason)] = [
        (#"{"a":"\uD800"}"#, .invalidUTF16), (#"{"a":"\uDC00x"}"#, .invalidUTF16),
        (#"{"a":"\uD800\u0041"}"#, .invalidUTF16), (#"{"a":"\uD800\n"}"#, .invalidUTF16),
        (#"{"a":"\u0000"}"#, .nulByte), (#"{"\u0000":1}"#, .nulByte), (#"{"\uDBFF":1}"#, .invalidUTF16),
        ("[1,2]", .notAnObject), ("12", .notAnObject), (#""x""#, .notAnObject), ("null", .notAnObject),
        ("{}", .noFields), (" { } ", .noFields),
        ("{\"" + String(repeating: "x", count: 1_025) + "\":1}", .labelTooLong),
        ("{\"a\":" + String(repeating: "[", count: 100_000), .nestedTooDeeply),
        (String(repeating: "{\"a\":", count: 100_000), .nestedTooDeeply),
        ("{\"a\":" + String(repeating: "[", count: 64) + String(repeating: "]", count: 64) + "}", .nestedTooDeeply),
    ]

    @Test(arguments: flawed) func keepsAside(_ text: String, _ reason: RejectedRow.Reason) throws {
        var options = FileFormatOptions()
        options.format = .jsonLines
        let outcome = try read("\(text)\n{\"good\":1}", options)
        #expect(outcome.reasons == [reason])
        #expect(outcome.header == ["good"])
        #expect(outcome.rows == [["1"]])
    }

    @Test func refusesBytesThatAreNoText() throws {
        for bytes: [UInt8] in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF5, 0x80, 0x80, 0x80]] {
            let line = Array("{\"a\":\"long enough to be looked at in blocks ".utf8) + bytes + Array("\"}\n".utf8)
            let (outcome, _, error) = try read(line + Array("{\"b\":[\"x\"]}".utf8))
            #expect(error == nil)
            #expect(outcome.reasons == [.invalidUTF8])
            #expect(outcome.header == ["b"])
        }
    }

    @Test func takesSixtyFourLevels() throws {
        let deepest = "{\"a\":" + String(repeating: "[", count: 63) + String(repeating: "]", count: 63) + "}"
        #expect(try read(deepest).rows.count == 1)
        let objects = String(repeating: "{\"a\":", count: 64) + "1" + String(repeating: "}", count: 64)
        let outcome = try read(objects)
        #expect(outcome.rows == [["1"]])
        #expect(outcome.header == [Array(repeating: "a", count: 64).joined(separator: ".")])
    }
}
