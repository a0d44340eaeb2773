import CausewayCore
import Testing

@testable import CausewayIngest

@Suite struct CSVConformanceTests {
    struct Case: CustomTestStringConvertible {
        var name: String
        var text: String
        var rows: [[String?]]
        var testDescription: String { name }
    }

    /// After the header "a,b".
    static let cases: [Case] = [
        Case(name: "plain", text: "1,2\n3,4\n", rows: [["1", "2"], ["3", "4"]]),
        Case(name: "no last line end", text: "1,2\n3,4", rows: [["1", "2"], ["3", "4"]]),
        Case(name: "CRLF", text: "1,2\r\n3,4\r\n", rows: [["1", "2"], ["3", "4"]]),
        Case(name: "CR", text: "1,2\r3,4\r", rows: [["1", "2"], ["3", "4"]]),
        Case(name: "CR CRLF LF", text: "1,2\r3,4\r\n5,6\n", rows: [["1", "2"], ["3", "4"], ["5", "6"]]),
        Case(name: "quoted", text: "\"1\",\"2\"\n", rows: [["1", "2"]]),
        Case(name: "quoted at the end", text: "1,\"2\"", rows: [["1", "2"]]),
        Case(name: "delimiter in quotes", text: "\"1,1\",2\n", rows: [["1,1", "2"]]),
        Case(name: "lines in quotes", text: "\"1\n1\r\n\r1\",2\n", rows: [["1\n1\r\n\r1", "2"]]),
        Case(name: "doubled quotes", text: "\"\"\"1\"\" x\",\"\"\"\"\n", rows: [["\"1\" x", "\""]]),
        Case(name: "quote inside a value", text: "1\"x\"\",5\" wide\n", rows: [["1\"x\"\"", "5\" wide"]]),
        Case(name: "space before a quote", text: " \"1\",2\n", rows: [[" \"1\"", "2"]]),
        Case(name: "blank lines", text: "\n\n1,2\n\r\n\r3,4\n\n", rows: [["1", "2"], ["3", "4"]]),
        Case(name: "empty is null", text: "1,\n,2\n\"\",\"\"\n", rows: [["1", nil], [nil, "2"], [nil, nil]]),
        Case(name: "not ASCII", text: "Zoë,東京\n🜁,é\n", rows: [["Zoë", "東京"], ["🜁", "é"]]),
        Case(name: "controls", text: "1\u{1},\u{B}\u{C}\u{8}\n", rows: [["1\u{1}", "\u{B}\u{C}\u{8}"]]),
    ]

    @Test(arguments: cases) func rows(_ one: Case) throws {
        let outcome = try read("a,b\n" + one.text)
        #expect(outcome.header == ["a", "b"])
        #expect(outcome.rows == one.rows)
        #expect(outcome.rejected.isEmpty)
        #expect(outcome.sourceRows == Array(1...Int64(one.rows.count)))
    }
}
