import CausewayCore
import Testing

@testable import CausewayIngest

@Suite struct TypeProposerTests {
    static let values: [(String, FieldType)] = [
        ("true", .boolean), ("FALSE", .boolean), ("True", .boolean), ("yes", .text), ("truE", .boolean), ("tru", .text),
        ("TR\u{55}\u{5}", .text), ("0", .integer), ("-0", .integer), ("42", .integer), ("-17", .integer),
        ("007", .text),
        ("-01", .text), ("+33", .text), ("", .text), ("-", .text), (" 1", .text), ("1 ", .text), ("1,000", .text),
        ("9223372036854775807", .integer), ("9223372036854775808", .decimal), ("-9223372036854775808", .integer),
        ("-9223372036854775809", .decimal), ("99999999999999999999", .decimal), ("0.5", .decimal), ("-0.50", .decimal),
        ("00.5", .text), (".5", .text), ("5.", .text), ("1e5", .decimal), ("1E-300", .decimal), ("1e+5", .decimal),
        ("1e1000", .text), ("1e", .text), ("1.5.2", .text), ("0x1F", .text), ("NaN", .text), ("１", .text),
        (String(repeating: "9", count: 512), .decimal), (String(repeating: "9", count: 513), .text),
        ("2024-02-29", .date), ("2023-02-29", .text), ("1900-02-29", .text), ("2000-02-29", .date),
        ("2024-04-31", .text),
        ("2024-13-01", .text), ("2024-00-10", .text), ("2024-1-1", .text), ("0000-01-01", .text),
        ("2024-12-31x", .text),
        ("20240229", .integer), ("2024-02-29T12:30", .dateTime), ("2024-02-29 12:30:05", .dateTime),
        ("2024-02-29T12:30:05.123456789Z", .dateTime), ("2024-02-29T12:30:05.1234567890Z", .text),
        ("2024-02-29T12:30:05.Z", .text), ("2024-02-29T12:30:05+02:00", .dateTime),
        ("2024-02-29T12:30:05-0230", .dateTime),
        ("2024-02-29T12:30+02", .dateTime), ("2024-02-29T12:30:05+2", .text), ("2024-02-29T24:00:00Z", .text),
        ("2024-02-29T12:60:00Z", .text), ("2024-02-29T12:30:60Z", .text), ("2024-02-29T", .text),
        ("2024-02-29T12:30:05Zx", .text), ("2024-02-29T12:30:05+02:60", .text), ("12:30", .text), ("-024-01-01", .text),
    ]

    @Test(arguments: values) func ofOneValue(_ value: String, _ type: FieldType) {
        var value = value
        let kept = value.withUTF8 { TypeCandidates.all.kept(by: UnsafeRawBufferPointer($0)) }
        #expect(kept.narrowest == type)
    }

    static let columns: [([String], FieldType?)] = [
        (["1", "2"], .integer), (["1", "2.5"], .decimal), (["2.5", "1"], .decimal), (["1", "true"], .text),
        (["2024-01-01", "2024-01-01T10:00"], .dateTime), (["2024-01-01", "1"], .text), (["", "3", ""], .integer),
        (["", ""], nil), (["1", "x", "2"], .text), (["12", "007"], .text), (["1", "9223372036854775808"], .decimal),
    ]

    @Test(arguments: columns) func ofAColumn(_ values: [String], _ type: FieldType?) throws {
        let text = "k,v\n" + values.map { "k,\($0)\n" }.joined()
        #expect(try proposer(text).types == [.text, type])
        // In halves, either way round.
        for cut in 0...values.count {
            let (first, second) = (values[..<cut], values[cut...])
            var one = try proposer("k,v\n" + first.map { "k,\($0)\n" }.joined())
            let other = try proposer("k,v\n" + second.map { "k,\($0)\n" }.joined())
            one.merge(other)
            #expect(one == (try proposer(text)))
        }
    }

    @Test func knownTypesAreOnlyWidened() throws {
        var known = TypeProposer(known: [.integer, .date, .text, nil, .decimal])
        var reader = try FileRowReader(options: FileFormatOptions())
        reader.feed(Array("a,b,c,d,e\n1.5,2024-01-01T10:00,1,true,1\n".utf8))
        reader.finish()
        while let batch = try reader.nextBatch() { known.observe(batch.rows) }
        #expect(known.types == [.decimal, .dateTime, .text, .boolean, .decimal])
    }

    private func proposer(_ text: String) throws -> TypeProposer {
        var proposer = TypeProposer(columnCount: 2)
        var reader = try FileRowReader(options: FileFormatOptions())
        reader.feed(Array(text.utf8))
        reader.finish()
        while let batch = try reader.nextBatch() { proposer.observe(batch.rows) }
        return proposer
    }
}
