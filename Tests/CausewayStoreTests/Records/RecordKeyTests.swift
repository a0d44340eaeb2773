import CausewayCore
import Testing

@testable import CausewayStore

@Suite struct RecordKeyTests {
    private func keys(_ rows: [[String]], source: String = "") throws -> [[UInt8]] {
        let batch = try rowBatch(rows)
        let keys = RecordKeys(
            batch, identity: .primaryKey(columns: Array(rows[0].indices)), source: source, seed: testSeed)
        return (0..<keys.count).map { Array(keys.bytes[keys.range($0)]) }
    }

    /// All tuples of short texts over an alphabet that has the encoding's own bytes.
    @Test(arguments: [1, 2, 3])
    func differentTuplesHaveDifferentKeysInTheSameOrder(_ parts: Int) throws {
        let alphabet = ["\u{0}", "\u{1}", "a", "ÿ"]
        var texts = [""]
        for first in alphabet {
            texts.append(first)
            if parts < 3 { texts += alphabet.map { first + $0 } }
        }
        var tuples: [[String]] = [[]]
        for _ in 0..<parts { tuples = tuples.flatMap { tuple in texts.map { tuple + [$0] } } }
        let encoded = try keys(tuples)
        #expect(Set(encoded).count == tuples.count)
        let byKey = zip(tuples, encoded).sorted { $0.1.lexicographicallyPrecedes($1.1) }.map(\.0)
        let byTuple = tuples.sorted { a, b in
            for (x, y) in zip(a, b) where x != y { return x.utf8.lexicographicallyPrecedes(y.utf8) }
            return false
        }
        #expect(byKey == byTuple)
    }

    @Test func longKeysAreCutAndStayApart() throws {
        let beginning = String(repeating: "x", count: 199)
        let texts = ["", "y", "yz", "ya", String(repeating: "y", count: 5_000), String(repeating: "y", count: 5_001)]
        let encoded = try keys(texts.map { [beginning + $0] })
        #expect(Set(encoded).count == texts.count)
        #expect(encoded.map(\.count) == [199, 200, 216, 216, 216, 216])
        #expect(encoded.allSatisfy { $0.starts(with: Array(beginning.utf8)) })
    }

    @Test func positionsAreOfOneFileAndRow() throws {
        let batch = try rowBatch([["a"], ["b"]], firstRow: 5)
        func positions(_ source: String) -> [[UInt8]] {
            let keys = RecordKeys(batch, identity: .sourcePosition, source: source, seed: testSeed)
            return (0..<keys.count).map { Array(keys.bytes[keys.range($0)]) }
        }
        let all = positions("/a") + positions("/b")
        #expect(Set(all).count == 4)
        #expect(all.allSatisfy { $0.count == 24 })
        #expect(positions("/a") == positions("/a"))
    }

    /// Keys that are all alike in front, in part alike in the 8 bytes after, of several lengths, many more than once.
    @Test(arguments: ["", "customer-", "k"])
    func rowsComeInTheOrderOfTheirKeys(_ prefix: String) throws {
        var random = RowRandom(9)
        let texts = (0..<3_000).map { _ -> String in
            let tail = random.chance(30) ? String(repeating: "0", count: 8) : ""
            let end = random.chance(10) ? "\u{0}" : ""
            return prefix + tail + String(random.below(900)) + end
        }
        let batch = try rowBatch(texts.map { [$0] })
        let keys = RecordKeys(batch, identity: .primaryKey(columns: [0]), source: "", seed: testSeed)
        let order = KeyOrder(keys)
        let expected = texts.indices.sorted {
            texts[$0] == texts[$1] ? $0 < $1 : texts[$0].utf8.lexicographicallyPrecedes(texts[$1].utf8)
        }
        #expect(order.rows == expected.map { Int32($0) })
        #expect(order.count == Set(texts.map { Array($0.utf8) }).count)
        for group in 0..<order.count {
            #expect(Set(order.rows(of: group).map { texts[Int($0)] }).count == 1)
        }
    }

    @Test func keysOfOneColumnAreReadWhereTheyLie() throws {
        let batch = try rowBatch([["b", "x"], ["a", "y"], [nil, "z"]])
        let keys = RecordKeys(batch, identity: .primaryKey(columns: [0]), source: "", seed: testSeed)
        #expect(keys.bytes == batch.text)
        #expect((0..<3).map { Array(keys.bytes[keys.range($0)]) } == [[98], [97], []])
    }
}
