import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayStore

/// The table of values: its bytes, and what it says beyond exact counting.
@Suite struct ValueCounterTests {
    private func limits(exact: Int, sample: Int = 16, frequent: Int = 8) -> StatisticsLimits {
        var limits = StatisticsLimits()
        limits.exactDistinct = exact
        limits.sample = sample
        limits.frequent = frequent
        return limits
    }

    /// A tally of one column of many segments.
    private func tally(
        _ segments: [[String?]], _ limits: StatisticsLimits, order: ValueOrder = .bytes
    ) throws -> FieldTally {
        let tally = FieldTally(order, ValueCounter(limits, keepsText: true), isKey: false)
        let columns = SegmentColumns(testSeed)
        for segment in segments { try take(segment, into: tally, columns, adding: true) }
        return tally
    }

    private func take(
        _ values: [String?], into tally: FieldTally, _ columns: SegmentColumns, adding: Bool
    ) throws {
        let batch = try rowBatch(values.map { [$0] }, columns: 1)
        var encoder = SegmentEncoder(testSeed)
        let provenance = Provenance(run: 1, source: "/a", importTime: Timestamp(seconds: 1))
        let segment = encoder.encode(
            batch, rows: Array(0..<Int32(values.count))[...], fields: [(column: 0, field: 1)],
            provenance: provenance)
        let slots = (0..<UInt16(values.count)).map { $0 }
        try segment.bytes.withUnsafeBytes { bytes in
            let view = try SegmentView(bytes, key: [], number: 1)
            try slots.withUnsafeBufferPointer { slots in
                let isThere = try columns.load(1, of: view, slots)
                #expect(isThere)
                columns.hash()
                if adding {
                    tally.add(columns, rows: slots.count)
                } else {
                    tally.subtract(columns, rows: slots.count)
                }
            }
        }
    }

    private func decode(_ bytes: [UInt8], _ limits: StatisticsLimits, level: Int) throws -> FieldTally {
        try bytes.withUnsafeBufferPointer { all throws(Damage) in
            var cursor = try ByteCursor(UnsafeRawBufferPointer(all), 0..<all.count)
            return try FieldTally(limits, &cursor, order: .bytes, isKey: false, level: level)
        }
    }

    private let segments: [[String?]] = (0..<20).map { segment in
        (0..<200).map { row in
            row % 7 == 0 ? nil : row % 3 == 0 ? "often \(row % 5)" : "value \(segment * 200 + row)"
        }
    }

    @Test(arguments: [100_000, 50])
    func bytesComeBack(_ exact: Int) throws {
        let limits = limits(exact: exact)
        let made = try tally(segments, limits)
        var bytes: [UInt8] = []
        made.encode(into: &bytes)
        let read = try decode(bytes, limits, level: Int(made.counter.level))
        #expect(read.figures == made.figures)
        #expect(read.counter.level == made.counter.level)
        #expect(made.counter.isExact == (exact == 100_000))
    }

    /// Whatever the bytes, decoding ends and what it made can be used.
    @Test(arguments: [100_000, 50])
    func damagedBytesDoNotTrap(_ exact: Int) throws {
        let limits = limits(exact: exact)
        let made = try tally(Array(segments.prefix(4)), limits)
        var bytes: [UInt8] = []
        made.encode(into: &bytes)
        var random = RowRandom(UInt64(exact))
        for _ in 0..<400 {
            var changed = bytes
            for _ in 0..<random.below(4) { changed[random.below(changed.count)] = UInt8(random.below(256)) }
            if random.chance(20) { changed.removeLast(random.below(changed.count)) }
            guard let read = try? decode(changed, limits, level: Int(made.counter.level)) else { continue }
            try take(segments[5], into: read, SegmentColumns(testSeed), adding: true)
            try take(segments[0], into: read, SegmentColumns(testSeed), adding: false)
            _ = read.figures
        }
    }

    @Test func theSampleDoesNotDependOnTheOrder() throws {
        let limits = limits(exact: 50, sample: 64)
        let forward = try tally(segments, limits)
        let backward = try tally(segments.reversed(), limits)
        #expect(forward.figures.distinctCount == backward.figures.distinctCount)
        #expect(forward.figures.minimum == backward.figures.minimum)
    }

    @Test func theEstimateIsWithinItsError() throws {
        let limits = limits(exact: 1_000, sample: 1_024)
        let many = (0..<40).map { segment in (0..<500).map { "v\(segment * 500 + $0)" as String? } }
        let figures = try tally(many, limits).figures
        #expect(figures.approximate)
        // Four standard errors of a sample that holds 512 values at least.
        #expect(abs(figures.distinctCount - 20_000) < 3_600)
        #expect(figures.topValues == [])
    }

    @Test func takingAllAwayLeavesNothing() throws {
        for exact in [100_000, 50] {
            let tally = try tally(segments, limits(exact: exact))
            for segment in segments.reversed() {
                try take(segment, into: tally, SegmentColumns(testSeed), adding: false)
            }
            let figures = tally.figures
            #expect(!tally.isLost)
            #expect(figures.rowCount == 0 && figures.valueCount == 0 && figures.distinctCount == 0)
            #expect(!figures.hasExtremes && figures.topValues == [])
        }
    }

    @Test func takingAwayWhatIsNotThereIsNoticed() throws {
        let tally = try tally([["a", "b"]], limits(exact: 50))
        try take(["c"], into: tally, SegmentColumns(testSeed), adding: false)
        #expect(tally.isLost)
    }

    @Test func aValueAboveTheBoundIsShown() throws {
        let limits = limits(exact: 50)
        let many = (0..<30).map { segment in
            (0..<100).map { row in row < 40 ? "hot" : "v\(segment * 100 + row)" as String? }
        }
        let figures = try tally(many, limits).figures
        let top = try #require(figures.topValues.first)
        #expect(top.value == Array("hot".utf8))
        #expect(top.count <= 1_200 && 1_200 <= top.count + figures.topValuesError)
    }
}
