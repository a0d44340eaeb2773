/// Numbers that a seed decides. Source: splitmix64.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Files for tests.
enum RandomText {
    /// Text that obeys no rules but holds all bytes that have a meaning, after a header of three columns.
    static func wild(_ numbers: inout SeededNumbers, length: Int) -> [UInt8] {
        let pieces: [[UInt8]] = [
            Array("a".utf8), Array("bc".utf8), Array(",".utf8), Array(",".utf8), Array("\"".utf8), Array("\"\"".utf8),
            Array("\n".utf8), Array("\r\n".utf8), Array("\r".utf8), Array("é".utf8), Array("東".utf8), [0], [0xFF],
            [0xC3],
            Array("long text without end".utf8), Array("1,2,3\n".utf8), Array("1,\"2\",3\n".utf8), Array("\n\"".utf8),
            Array("\\".utf8), Array("\\\"".utf8), Array("\n#".utf8), Array("#".utf8),
        ]
        // Most files hold few of the odd ones.
        let used = pieces.filter { _ in Int.random(in: 0..<3, using: &numbers) > 0 }
        var text = Array("a,b,c\n".utf8)
        while text.count < length { text += (used.randomElement(using: &numbers) ?? pieces[0]) }
        return text
    }

    /// A file as a careful writer would write it, and its rows.
    static func tame(_ numbers: inout SeededNumbers, rows: Int, columns: Int) -> (text: [UInt8], rows: [[String]]) {
        let words = [
            "", "", "x", "naïve", "東京", "two words", "1", "-2.5", "a,b", "say \"so\"", "\"", "line\nline", "\r", "🜁",
        ]
        let header = (0..<columns).map { "c\($0)" }
        var values: [[String]] = []
        for _ in 0..<rows {
            values.append(
                (0..<columns).map { _ in
                    (0..<Int.random(in: 1...3, using: &numbers)).map { _ in
                        words.randomElement(using: &numbers) ?? ""
                    }.joined()
                })
        }
        var text: [UInt8] = []
        let lineEnd = ["\n", "\r\n"].randomElement(using: &numbers) ?? "\n"
        for row in [header] + values {
            let line = row.map { value -> String in
                let needsQuotes = value.utf8.contains { [0x2C, 0x22, 0x0D, 0x0A].contains($0) }
                // A single empty value would be a blank line.
                let quotes =
                    needsQuotes || (columns == 1 && value.isEmpty) || Int.random(in: 0..<5, using: &numbers) == 0
                return quotes
                    ? "\"" + value.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
                        + "\"" : value
            }.joined(separator: ",")
            text += Array((line + lineEnd).utf8)
        }
        return (text, values)
    }
}
