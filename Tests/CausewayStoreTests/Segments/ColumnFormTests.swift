import CausewayCore
import Testing

@testable import CausewayStore

/// Columns of all kinds through a segment and back.
@Suite struct ColumnFormTests {
    private static let provenance = Provenance(run: 1, source: "/in/a.csv", importTime: Timestamp(micros: 5))

    private func segment(_ rows: [[String?]]) throws -> [UInt8] {
        let batch = try rowBatch(rows)
        var encoder = SegmentEncoder(testSeed)
        let fields = (0..<batch.columnCount).map { (column: $0, field: UInt32($0 + 1)) }
        let all = (0..<batch.rowCount).map(Int32.init)
        return encoder.encode(batch, rows: all[...], fields: fields, provenance: Self.provenance).bytes
    }

    /// - Returns: the column's kind.
    @discardableResult
    private func roundTrip(_ values: [String?]) throws -> SegmentFormat.Kind {
        let reader = try SegmentReader(try segment(values.map { [$0] }), key: [], number: 1)
        let view = try #require(try reader.view(of: 1))
        #expect((0..<values.count).map { view.string($0) } == values)
        #expect(view.nullCount == values.count { $0 == nil })
        let counted = (0..<view.entryCount).reduce(0) { $0 + view.count(of: $1) }
        #expect(counted == values.count { $0 != nil })
        return reader.columns[0].kind
    }

    /// The distances of numbers at the edges of each width, where all ones may mean null.
    @Test(arguments: [1, 254, 255, 256, 65_534, 65_535, 65_536, 16_777_214, 16_777_215, 16_777_216])
    func numbersAtTheEdgesOfAWidth(_ distance: Int) throws {
        for base in [-7, 0, 1_000_000] {
            // Different enough to be no dictionary.
            let ends = [base, base + distance]
            let between = (0..<600).map { base + $0 * 7_919 % max(1, distance) }
            for values in [ends + between, ends] {
                let texts = values.map { String($0) as String? }
                try roundTrip(texts)
                try roundTrip([nil] + texts + [nil])
            }
        }
    }

    @Test func numbersOfEightBytes() throws {
        for distance in [4_294_967_294, 4_294_967_295, 4_294_967_296, 1_999_999_999_999_999_998] {
            let low = -999_999_999_999_999_999
            let values = [low, low + distance, low + distance / 2].map { String($0) as String? }
            #expect(try roundTrip(values) == .number)
            #expect(try roundTrip(values + [nil]) == .number)
        }
    }

    @Test func oneTextInAnotherStyleMakesThemAllTexts() throws {
        let numbers = (0..<700).map { String($0 * 31) as String? }
        #expect(try roundTrip(numbers) == .number)
        for odd in ["007", "-0", "+1", "1.0", "", "1e3", "1234567890123456789", "2024-01-01"] {
            #expect(try roundTrip(numbers + [odd]) == .plain)
            #expect(try roundTrip([odd] + numbers) == .plain)
        }
        let days = (10..<400).map { "1\($0 + 500)-01-1\($0 % 10)" as String? }
        #expect(try roundTrip(days) == .number)
        #expect(try roundTrip(days + ["2023-02-29"]) == .plain)
        #expect(try roundTrip(days.map { $0.map { $0 + "T10:00:59Z" } }) == .number)
        #expect(try roundTrip(days.map { $0.map { $0 + "T10:00:60Z" } }) == .plain)
    }

    /// Columns of random make, with nasty values among them.
    @Test(arguments: 0..<12)
    func anythingComesBack(_ seed: UInt64) throws {
        var random = RowRandom(seed)
        let nasty: [String?] = [
            nil, "", "0", "-0", "00", "+1", "1.50", "1.5", "-0.0", "9223372036854775807", "123456789012345678",
            "0000-01-01", "9999-12-31", "2024-02-30", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00Z", "\u{0}", "ä", " ",
            String(repeating: "long", count: 70_000 / 4),
        ]
        for _ in 0..<40 {
            let rows = [1, 3, 17, 300, 513, 1_500][random.below(6)]
            let make = random.below(7)
            let spread = [2, 200, 300, 5_000, 100_000_000][random.below(5)]
            let odd = [0, 0, 0, 1, 20][random.below(5)]
            let nulls = [0, 0, 5, 60][random.below(4)]
            let values: [String?] = (0..<rows).map { _ in
                if random.chance(nulls) { return nil }
                if random.chance(odd) { return nasty[random.below(nasty.count - (rows > 17 ? 1 : 0))] }
                let number = random.below(spread)
                switch make {
                case 0: return String(number)
                case 1: return "-\(number).\(100 + number % 900)"
                case 2: return "2\(100 + number % 900)-0\(1 + number % 9)-1\(number % 10)"
                case 3: return "2\(100 + number % 900)-0\(1 + number % 9)-1\(number % 10)T0\(number % 10):00:00Z"
                case 4: return "text \(number)"
                case 5: return String(repeating: "é", count: number % 200)
                default: return String(random.next(), radix: 36)
                }
            }
            try roundTrip(values)
        }
    }

    @Test func readsWhereTheBytesLie() throws {
        let rows = (0..<500).map { ["\($0)", $0 % 3 == 0 ? nil : "name \($0 % 7)", "text number \($0)"] }
        let bytes = try segment(rows)
        for shift in 0..<9 {
            let moved = [UInt8](repeating: 0xAA, count: shift) + bytes
            let columns = try moved.withUnsafeBytes { all in
                let segment = try SegmentView(UnsafeRawBufferPointer(rebasing: all[shift...]), key: [1], number: 7)
                #expect(segment.rowCount == 500)
                #expect(segment.fields == [1, 2, 3])
                let parts = try segment.parts()
                #expect(parts.map(\.segment) == [7])
                #expect(parts.first?.provenance == Self.provenance)
                #expect(parts.first?.slots == Array(0..<500))
                #expect(parts.first?.sourceRows == (1...500).map(Int64.init))
                #expect(try segment.view(of: 9) == nil)
                return try (1...3).map { try #require(try segment.view(of: $0)) }
            }
            // They outlive the bytes.
            for (index, row) in rows.enumerated() { #expect(columns.map { $0.string(index) } == row) }
        }
        var damaged = bytes
        damaged[bytes.count / 2] ^= 1
        #expect(throws: CausewayError.self) {
            try damaged.withUnsafeBytes { _ = try SegmentView($0, key: [1], number: 7) }
        }
    }

    @Test func keepsRowsThatAreNotOneBehindTheOther() throws {
        var random = RowRandom(3)
        let batch = try rowBatch((0..<900).map { ["\($0)"] }, firstRow: 9_000_000_000)
        var encoder = SegmentEncoder(testSeed)
        for _ in 0..<20 {
            let rows = (0..<900).filter { _ in random.chance(40) }.map(Int32.init).shuffled(using: &random)
            for order in [rows, rows.sorted()] {
                let segment = encoder.encode(
                    batch, rows: order[...], fields: [(0, 1)], provenance: Self.provenance)
                let reader = try SegmentReader(segment.bytes, key: [], number: 1)
                #expect(try reader.sourceRows() == order.map { 9_000_000_000 + Int64($0) })
                let view = try #require(try reader.view(of: 1))
                #expect((0..<order.count).map { view.string($0) } == order.map { String($0) })
            }
        }
    }

    @Test func copiesAndComparesShortTexts() {
        for count in 0..<300 {
            let text = (0..<count + ByteSink.padding).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            var sink = ByteSink(capacity: 16)
            text.withUnsafeBufferPointer { text in
                guard let base = text.baseAddress else { return }
                ShortBytes.copyPadded(sink.room(count), base, count)
                sink.advance(count)
                let isEqual = ShortBytes.equal(sink.base, base, count)
                #expect(isEqual)
            }
            let copy = sink.bytes
            #expect(copy == Array(text[..<count]))
            for index in 0..<count {
                var other = copy
                other[index] ^= 0x40
                let isEqual = other.withUnsafeBufferPointer { other in
                    copy.withUnsafeBufferPointer { copy in
                        guard let a = other.baseAddress, let b = copy.baseAddress else { return true }
                        return ShortBytes.equal(a, b, count)
                    }
                }
                #expect(!isEqual)
            }
        }
    }
}
