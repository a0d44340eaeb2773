import Testing

@testable import CausewayCommands

@Suite struct JSONTests {
    @Test func writesSortedMembersAndEscapes() {
        let value: JSONValue = [
            "b": [1, .double(0.5), .null, true], "a": "tab\t quote\" back\\ \u{1B}[31m \u{202E} é 🚂", "c": [:], "d": [],
        ]
        #expect(
            value.written(.compact)
                == #"{"a":"tab\t quote\" back\\ \u001b[31m \u202e é 🚂","b":[1,0.5,null,true],"c":{},"d":[]}"#)
        #expect(
            JSONValue(dictionaryLiteral: ("x", [1]), ("a", "y")).written(.indented)
                == "{\n  \"a\": \"y\",\n  \"x\": [\n    1\n  ]\n}")
    }

    @Test func numbersStayWhatTheyAre() throws {
        for text in ["0", "-1", "9223372036854775807", "-9223372036854775808", "0.1", "1e-05", "12.5"] {
            #expect(try JSONParser.parse(Array(text.utf8)).written(.compact) == text)
        }
        #expect(JSONValue.double(.nan).written(.compact) == "null")
        #expect(JSONValue.double(.infinity).written(.compact) == "null")
    }

    @Test(arguments: [
        #"{"a":[1,2,{"b":null}],"c":"é\n\"\\","d":-0.25,"e":true,"f":""}"#, "[]", "{}", "\"\"", #"["\u0001"]"#,
    ])
    func whatIsReadIsWrittenAgain(_ text: String) throws {
        #expect(try JSONParser.parse(Array(text.utf8)).written(.compact) == text)
    }

    @Test func readsEscapesAndSurrogates() throws {
        let text = #" [ "\u00e9\ud83d\ude82\/\b\f\r\t\u0041" , 1.50E+2 ] "#
        #expect(try JSONParser.parse(Array(text.utf8)) == ["é🚂/\u{8}\u{c}\r\tA", .double(150)])
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "[1 2]", "01", "-", "1.", "1e", "+1", ".5", "nul", "tru", "'a'", "\"a",
        "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "[1]]", "{\"a\" 1}",
        "{a:1}", "{\"a\":1,\"a\":2}", "// c\n1", "1e999", "NaN", "\"\\u+123\"", "[,]",
    ])
    func refuses(_ text: String) {
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(Array(text.utf8)) }
    }

    @Test func refusesWrongUTF8AndDeepNesting() {
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse([0x22, 0xFF, 0x22]) }
        let deep = Array(String(repeating: "[", count: 100_000).utf8)
        #expect(throws: JSONParser.Failure.self) { try JSONParser.parse(deep) }
        let fits = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try JSONParser.parse(Array(fits.utf8)) }
    }

    @Test func tellsWhere() {
        #expect(throws: JSONParser.Failure(line: 3, column: 8, message: "a value is expected")) {
            try JSONParser.parse(Array("{\n  \"a\": 1,\n  \"b\": x\n}".utf8))
        }
    }

    @Test func everyPrefixAndEveryChangedByteEndsInAnAnswer() {
        let text = Array(#"{"a":[1.5e3,"\u00e9\ud83d\ude82",{"b":null,"c":true}],"d":"x"}"#.utf8)
        for end in text.indices { _ = try? JSONParser.parse(Array(text[..<end])) }
        for index in text.indices {
            for byte: UInt8 in [0, 0x22, 0x5C, 0x7B, 0x5D, 0x80, 0xFF, 0x75] {
                var changed = text
                changed[index] = byte
                _ = try? JSONParser.parse(changed)
            }
        }
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"),
    ])
    func base64(_ text: String, _ expected: String) { #expect(Base64.text(Array(text.utf8)) == expected) }
}
