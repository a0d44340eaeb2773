import CausewayCore
import Testing

@testable import CausewayStore

@Suite struct SegmentTests {
    private static let provenance = Provenance(
        run: 12, source: "/in/kunden-ä.csv", importTime: Timestamp(micros: 1_790_000_000_123_456))
    private static let key = SegmentTable.key(testShard, 1, 9)

    private func segment(_ rows: [[String?]], firstRow: Int64 = 1) throws -> [UInt8] {
        let batch = try rowBatch(rows, firstRow: firstRow)
        var encoder = SegmentEncoder(testSeed)
        let fields = (0..<batch.columnCount).map { (column: $0, field: UInt32($0 * 3 + 1)) }
        let all = (0..<batch.rowCount).map(Int32.init)
        let segment = encoder.encode(batch, rows: all[...], fields: fields, provenance: Self.provenance)
        for (column, count) in segment.valueCounts.enumerated() {
            #expect(count == rows.count { $0[column] != nil })
        }
        return segment.bytes
    }

    private func values(_ reader: SegmentReader, _ field: UInt32) throws -> [String?] {
        let column = try #require(try reader.view(of: field))
        try audit(column)
        return (0..<reader.rowCount).map { column.string($0) }
    }

    /// The entries' counts are those of the slots.
    private func audit(_ column: SegmentColumnView) throws {
        var counts = [Int](repeating: 0, count: column.entryCount)
        var nulls = 0
        for slot in 0..<column.rowCount {
            if let entry = column.entry(of: slot) { counts[entry] += 1 } else { nulls += 1 }
        }
        #expect(column.nullCount == nulls)
        #expect((0..<column.entryCount).map { column.count(of: $0) } == counts)
        guard column.isDictionary else { return }
        let texts = (0..<column.entryCount).map { entry in column.withBytes(of: entry) { Array($0) } }
        #expect(Set(texts).count == texts.count)
    }

    /// Columns that become each of the kinds, with and without nulls.
    private func mixedRows(_ count: Int, seed: UInt64) -> [[String?]] {
        var random = RowRandom(seed)
        return (0..<count).map { row in
            let decimal = "-\(random.below(90_000) + 1).5\(random.below(10))"
            let day = "20\(10 + random.below(90))-0\(1 + random.below(9))-1\(random.below(10))"
            let values: [String?] = [
                "constant",
                nil,
                random.chance(30) ? nil : "constant",
                ["", "yes", "no", "näh", "🏴‍☠️"].randomElement(using: &random),
                random.chance(20) ? nil : "city \(random.below(300)) with a name",
                "customer-\(row * 7)@example.org",
                random.chance(50) ? nil : String(random.next()),
                String(1_000_000 + row * 3),
                random.chance(10) ? nil : decimal,
                day,
                random.chance(10) ? String(repeating: "long ", count: random.below(300)) : "",
            ]
            return values
        }
    }

    @Test(arguments: [1, 2, 255, 256, 257, 1_000, 4_096])
    func roundTrips(_ count: Int) throws {
        let rows = mixedRows(count, seed: UInt64(count))
        let reader = try SegmentReader(try segment(rows, firstRow: 41), key: Self.key, number: 9)
        #expect(reader.rowCount == count)
        #expect(reader.provenance == Self.provenance)
        #expect(try reader.sourceRows() == (0..<count).map { Int64(41 + $0) })
        #expect(reader.fields == [1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31])
        for column in rows[0].indices {
            #expect(try values(reader, UInt32(column * 3 + 1)) == rows.map { $0[column] })
        }
        #expect(try reader.view(of: 2) == nil)
    }

    @Test func usesEveryForm() throws {
        let reader = try SegmentReader(try segment(mixedRows(2_000, seed: 5)), key: Self.key, number: 9)
        let forms = reader.columns.map { "\($0.kind)\($0.hasNulls ? " with nulls" : "")" }
        #expect(
            forms == [
                "constant", "empty", "codes8 with nulls", "codes8", "codes16 with nulls", "plain", "plain with nulls",
                "number", "number with nulls", "number", "codes8",
            ])
        #expect(reader.columns[5].isCompressed)
    }

    @Test func countsValuesOfSlotsWithoutDecoding() throws {
        let rows = mixedRows(3_000, seed: 8)
        let reader = try SegmentReader(try segment(rows), key: Self.key, number: 9)
        var random = RowRandom(1)
        let slots = (0..<500).map { _ in UInt16(random.below(3_000)) }
        let counts = try reader.valueCounts(slots)
        for column in rows[0].indices {
            #expect(counts[column] == slots.count { rows[Int($0)][column] != nil })
        }
        #expect(throws: CausewayError.self) { try reader.valueCounts([3_000]) }
    }

    @Test func encodesTheSameRowsAlike() throws {
        let rows = mixedRows(500, seed: 3)
        #expect(try segment(rows) == segment(rows))
    }

    @Test func noticesEveryChangedByte() throws {
        let intact = try segment(mixedRows(60, seed: 2))
        for index in intact.indices {
            for change: UInt8 in [0x01, 0x80, 0xFF] {
                var damaged = intact
                damaged[index] ^= change
                #expect {
                    try SegmentReader(damaged, key: Self.key, number: 9)
                } throws: { error in
                    guard let error = error as? CausewayError else { return false }
                    return error.code == .dataLoss && error.reason == "STORE_DAMAGED"
                        && error.metadata["table"] == "segments"
                }
            }
        }
        for length in 0..<intact.count {
            #expect(throws: CausewayError.self) {
                try SegmentReader(Array(intact[..<length]), key: Self.key, number: 9)
            }
        }
    }

    /// Bytes that carry a right checksum but are wrong: a decoder must not rely on the checksum.
    @Test(arguments: 0..<8)
    func survivesAnyBytesBehindTheChecksum(_ seed: UInt64) throws {
        var random = RowRandom(seed)
        let intact = try segment(mixedRows(40 + random.below(300), seed: seed))
        for _ in 0..<1_500 {
            var bytes = intact
            for _ in 0..<1 + random.below(3) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
            if random.chance(10) { bytes.removeLast(random.below(bytes.count)) }
            guard let reader = try? SegmentReader(body: bytes, in: 0..<bytes.count, key: Self.key, number: 9) else {
                continue
            }
            for field in reader.fields {
                guard let column = try? reader.view(of: field) else { continue }
                for slot in 0..<reader.rowCount { _ = column.string(slot) }
            }
            _ = try? reader.sourceRows()
            _ = try? reader.valueCounts((0..<reader.rowCount).map(UInt16.init))
        }
    }

    @Test func deadSlotsRoundTripAndNoticeDamage() throws {
        var slots = DeadSlots()
        let fresh = ([0, 7, 8, 4_095, 7] as [UInt16]).map { slots.insert($0) }
        #expect(fresh == [true, true, true, true, false])
        #expect(slots.count == 4)
        let bytes = slots.bytes
        let read = try DeadSlots(bytes, key: Self.key)
        #expect(read.count == 4)
        #expect((0..<5_000).filter { read.contains($0) } == [0, 7, 8, 4_095])
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x10
            #expect(throws: CausewayError.self) { try DeadSlots(damaged, key: Self.key) }
        }
    }
}
