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

    @Test func groupsAreTheDistinctKeysInOrder() throws {
        var random = RowRandom(9)
        let texts = (0..<2_000).map { _ in "k\(random.below(700))" }
        let batch = try rowBatch(texts.map { [$0] })
        let keys = RecordKeys(batch, identity: .primaryKey(columns: [0]), source: "", seed: testSeed)
        let groups = KeyGroups(keys)
        #expect(groups.count == Set(texts).count)
        for row in texts.indices {
            #expect(texts[Int(groups.firstRow[Int(groups.groupOfRow[row])])] == texts[row])
        }
        let ordered = groups.inKeyOrder(keys).map { texts[Int(groups.firstRow[Int($0)])] }
        #expect(ordered == Set(texts).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }
}
