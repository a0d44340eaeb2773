import CausewayCore
import Testing

@testable import CausewayStore

@Suite struct HashTests {
    /// Values of the reference implementation.
    @Test(arguments: [
        ("", UInt64(0xEF46_DB37_51D8_E999)),
        ("a", 0xD24E_C4F1_A98C_6E5B),
        ("abc", 0x44BC_2CF5_AD77_0999),
        ("Nobody inspects the spammish repetition", 0xFBCE_A83C_8A37_8BF1),
    ])
    func checksumsAsXXH64(_ text: String, _ expected: UInt64) {
        #expect(Array(text.utf8).withUnsafeBytes { Checksum.xxh64($0) } == expected)
    }

    private func hash(_ bytes: [UInt8], seed: UInt64 = 1, tweak: UInt64 = 0) -> UInt64 {
        let hash = KeyedHash(ContentSeed(seed))
        let padded = bytes + [0]
        return padded.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { hash.hash($0, bytes.count, start: hash.start(tweak: tweak)) } ?? 0
        }
    }

    @Test func hashesDifferByBytesLengthSeedAndTweak() {
        var seen: Set<UInt64> = []
        var made = 0
        for length in 0...70 {
            let zeros = [UInt8](repeating: 0, count: length)
            for index in -1..<length {
                var bytes = zeros
                if index >= 0 { bytes[index] = 1 }
                for (seed, tweak) in [(1, 0), (1, 1), (2, 0)] as [(UInt64, UInt64)] {
                    seen.insert(hash(bytes, seed: seed, tweak: tweak))
                    made += 1
                }
            }
        }
        #expect(seen.count == made)
    }

    /// One changed bit of input changes half of the output's, about.
    @Test func mixes() {
        var random = RowRandom(4)
        for length in [1, 3, 4, 8, 16, 17, 40] {
            var flipped = 0
            let trials = 400
            for _ in 0..<trials {
                var bytes = (0..<length).map { _ in UInt8(random.below(256)) }
                let before = hash(bytes)
                bytes[random.below(length)] ^= 1 << UInt8(random.below(8))
                flipped += (before ^ hash(bytes)).nonzeroBitCount
            }
            #expect((28.0...36.0).contains(Double(flipped) / Double(trials)))
        }
    }

    @Test func contentIsFieldsAndValuesWhateverTheirOrder() throws {
        func content(_ row: [String?], _ fields: [UInt32?]) throws -> UInt64 {
            RowHasher(testSeed, fields: fields).hashes(of: try rowBatch([row]))[0]
        }
        let base = try content(["a", "b", nil], [1, 2, 3])
        #expect(try content(["b", "a"], [2, 1]) == base)
        #expect(try content(["key", "b", "a"], [nil, 2, 1]) == base)
        #expect(try content(["b", "a", nil], [2, 1, 9]) == base)
        #expect(try content(["b", "a"], [1, 2]) != base)
        #expect(try content(["a", "b", ""], [1, 2, 3]) != base)
        #expect(try content(["ab", "", nil], [1, 2, 3]) != base)
        #expect(try content(["a", "b"], [1, 3]) != base)
    }

    /// What a row's hash was on its way in can be had again from a segment's columns, with a field that the records do
    /// not carry, and one more that is null.
    @Test func segmentsGiveTheRowsHashes() throws {
        var random = RowRandom(9)
        let rows: [[String?]] = (0..<900).map { row in
            let number = String(random.below(100_000))
            let word = random.chance(30) ? nil : "word \(random.below(20))"
            return [String(row), number, word, random.chance(50) ? nil : String(repeating: "x", count: row), nil]
        }
        let batch = try rowBatch(rows)
        let fields: [UInt32?] = [nil, 7, 3, 12, 4]
        let expected = RowHasher(testSeed, fields: fields).hashes(of: batch)
        var encoder = SegmentEncoder(testSeed)
        let columns: [(column: Int, field: UInt32)] = [(0, 1), (3, 12), (1, 7), (2, 3)]
        let segment = encoder.encode(
            batch, rows: (0..<900).map(Int32.init)[...], fields: columns,
            provenance: Provenance(run: 1, source: "a", importTime: .init(micros: 0)))
        let reader = try SegmentReader(segment.bytes, key: [1], number: 1)
        let cellHash = CellHash(testSeed)
        var sums = [UInt64](repeating: 0, count: 900)
        for field in [3, 4, 7, 12] as [UInt32] {
            guard let view = try reader.view(of: field) else { continue }
            let secret = cellHash.secret(of: field)
            for slot in 0..<900 {
                guard let entry = view.entry(of: slot) else { continue }
                let bytes = view.bytes(of: entry).assumingMemoryBound(to: UInt8.self)
                let base = try #require(bytes.baseAddress)
                sums[slot] &+= CellHash.mix(cellHash.hash(base, bytes.count), secret)
            }
        }
        #expect(sums == expected)
    }
}
