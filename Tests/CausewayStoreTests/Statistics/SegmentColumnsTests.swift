import CausewayCore
import Testing

@testable import CausewayStore

/// Columns of segments as the statistics read them, against their values taken one by one.
@Suite struct SegmentColumnsTests {
    /// A segment's bytes with one column.
    private func segment(_ values: [String?]) throws -> [UInt8] {
        let batch = try rowBatch(values.map { [$0] }, columns: 1)
        var encoder = SegmentEncoder(testSeed)
        return encoder.encode(
            batch, rows: Array(0..<Int32(values.count))[...], fields: [(column: 0, field: 1)],
            provenance: Provenance(run: 1, source: "/a", importTime: Timestamp(seconds: 1))
        ).bytes
    }

    private func load(_ values: [String?], _ slots: [UInt16], _ columns: SegmentColumns) throws {
        let isThere = try segment(values).withUnsafeBytes { bytes in
            let view = try SegmentView(bytes, key: [], number: 1)
            return try slots.withUnsafeBufferPointer { try columns.load(1, of: view, $0) }
        }
        #expect(isThere)
        columns.hash()
    }

    /// Columns of every form that a segment has, and for each the order of its type.
    private static let makers: [(name: String, order: ValueOrder, value: @Sendable (Int) -> String?)] = [
        ("integers", .number, { "\($0 * 7_919 % 100_003)" }),
        ("signed", .number, { "\($0 * 7_919 % 20_011 - 10_000)" }),
        ("negative", .number, { "-\($0 * 7_919 % 1_009 + 1)" }),
        ("large", .number, { "\(Int64($0) * 99_999_999_999_999)" }),
        ("decimals", .number, { "\($0 * 37 % 200 - 100).\($0 * 7_919 % 900 + 100)" }),
        ("fine decimals", .number, { "0.\(10_000_000_000 + $0 * 7_919)" }),
        ("mixed decimals", .number, { $0 % 3 == 0 ? "1.5" : "\($0).\($0 % 7)0" }),
        ("exponents", .number, { "\($0 % 900)e\($0 % 4)" }),
        ("with nulls", .number, { $0 % 5 == 0 ? nil : "\($0 * $0)" }),
        ("dates", .time, { "\(1_000 + $0 * 31 % 8_999)-0\($0 % 9 + 1)-\($0 % 18 + 10)" }),
        ("times", .time, { "2024-0\($0 % 9 + 1)-\($0 % 18 + 10)T1\($0 % 10):0\($0 % 9):5\($0 % 7)Z" }),
        ("dates as text", .bytes, { "\(1_000 + $0 * 31 % 8_999)-0\($0 % 9 + 1)-\($0 % 18 + 10)" }),
        ("integers as text", .bytes, { "\($0 * 7_919 % 100_003)" }),
        ("texts", .bytes, { "customer\($0 * 7_919 % 100_003)@mail\($0 % 64).example" }),
        ("short texts", .bytes, { String(repeating: "ab", count: $0 % 9) + "\($0 % 1_000)" }),
        (
            "other alphabets", .bytes,
            { ["東京", "Île", "São", "x"][$0 % 4] + "\($0)" + String(repeating: "é", count: $0 % 5) }
        ),
        ("long texts", .bytes, { String(repeating: "z", count: 250) + "\($0 % 700)" }),
        ("few", .bytes, { $0 % 11 == 0 ? nil : "word \($0 % 5)" }),
        ("few numbers", .number, { "\($0 % 5)" }),
        ("one", .number, { _ in "12.50" }),
        ("none", .bytes, { _ in nil }),
    ]

    @Test(arguments: makers.indices) func readsWhatIsThere(_ maker: Int) throws {
        let (name, order, value) = Self.makers[maker]
        let columns = SegmentColumns(testSeed)
        var byColumn = Extremes()
        var byValue = Extremes()
        for (start, step) in [(0, 1), (1_500, 1), (700, 3), (40, 997)] {
            let values = (start..<start + 1_500).map(value)
            let slots = stride(from: 0, to: 1_500, by: step).map { UInt16($0) }
            let chosen = slots.compactMap { values[Int($0)] }
            try load(values, slots, columns)
            #expect(columns.values == chosen.count, "\(name)")

            var expected: [UInt64: Int] = [:]
            for text in chosen {
                var text = text
                let hash = text.withUTF8 {
                    $0.baseAddress.map { [count = $0.count] in columns.valueHash.hash($0, count) }
                }
                expected[try #require(hash), default: 0] += 1
            }
            columns.group()
            var found: [UInt64: Int] = [:]
            for entry in 0..<columns.entryCount where columns.counts[entry] > 0 {
                found[columns.hashes[entry], default: 0] += Int(columns.counts[entry])
            }
            #expect(found == expected, "\(name)")
            var repeats: [UInt64: Int] = [:]
            columns.eachRepeat(from: 0) { repeats[columns.hashes[$0]] = Int($1) }
            #expect(repeats == expected.filter { $0.value > 1 }, "\(name)")

            byColumn.add(columns, from: 0, order)
            Self.each(chosen) { byValue.add($0, min($1, StatisticsLimits.keptBytes), characters($0, $1), 1, order) }
            #expect(byColumn == byValue, "\(name)")
        }
    }

    @Test(arguments: makers.indices) func takesAwayWhatWasAdded(_ maker: Int) throws {
        let (name, order, value) = Self.makers[maker]
        let columns = SegmentColumns(testSeed)
        let values = (0..<1_500).map(value)
        var byColumn = Extremes()
        try load(values, (0..<1_500).map { $0 }, columns)
        byColumn.add(columns, from: 0, order)
        var byValue = byColumn
        for part in [[3, 77, 1_400], Array(stride(from: 0, to: 1_500, by: 4)), Array(1..<3)] as [[UInt16]] {
            try load(values, part, columns)
            byColumn.subtract(columns, order)
            Self.each(part.compactMap { values[Int($0)] }) {
                byValue.subtract($0, min($1, StatisticsLimits.keptBytes), characters($0, $1), 1, order)
            }
            #expect(byColumn == byValue, "\(name)")
        }
    }

    @Test(arguments: makers.indices) func goesOnFromAnEntry(_ maker: Int) throws {
        let (name, order, value) = Self.makers[maker]
        let columns = SegmentColumns(testSeed)
        let values = (0..<1_500).map(value)
        var byColumn = Extremes()
        try load(values, (0..<1_500).map { $0 }, columns)
        let first = columns.entryCount / 3
        var byValue = Extremes()
        for entry in first..<columns.entryCount {
            let (bytes, length) = columns.bytes(entry)
            let kept = min(length, StatisticsLimits.keptBytes)
            byValue.add(bytes, kept, characters(bytes, length), Int64(columns.counts[entry]), order)
        }
        byColumn.add(columns, from: first, order)
        #expect(byColumn == byValue, "\(name)")
    }

    @Test func aNumberHasOneHashInEveryForm() throws {
        let columns = SegmentColumns(testSeed)
        let texts = ["17", "-4.50", "2024-02-29", "2024-02-29T23:59:59Z", "0"]
        for text in texts {
            // Alone it is a constant, among like ones a number, among words a text.
            var seen: Set<UInt64> = []
            let forms: [[String?]] = [
                [text, text], (0..<300).map { $0 == 0 ? text : "\($0 + 1_000)" },
                (0..<300).map { $0 == 0 ? text : "word \($0)" },
                (0..<300).map { $0 == 0 ? text : "2024-03-01T00:\($0 / 60 + 10):\($0 % 50 + 10)Z" },
                (0..<300).map { $0 == 0 ? text : "\($0).25" },
            ]
            for form in forms {
                try load(form, [0], columns)
                let entry = try #require((0..<columns.entryCount).first { columns.counts[$0] > 0 })
                seen.insert(columns.hashes[entry])
            }
            #expect(seen.count == 1, "\(text)")
        }
        let others = ["17.0", "017", "+17", "1.7e1", " 17", "-0"] + texts
        var hashes: Set<UInt64> = []
        for text in others {
            try load([text], [0], columns)
            hashes.insert(columns.hashes[0])
        }
        #expect(hashes.count == others.count)
    }

    /// Each text with the room behind it that texts of a column have.
    private static func each(_ texts: [String], _ body: (UnsafePointer<UInt8>, Int) -> Void) {
        for text in texts {
            let bytes = Array(text.utf8)
            (bytes + [UInt8](repeating: 0, count: 64)).withUnsafeBufferPointer { all in
                if let base = all.baseAddress { body(base, bytes.count) }
            }
        }
    }
}
