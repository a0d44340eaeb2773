import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayStore

/// Random histories of an entity: whatever happened, settled figures are those of a count of all records.
@Suite struct SettlementModelTests {
    private static let exactLimit = 50

    private func limits(_ seed: UInt64) -> StatisticsLimits {
        var limits = StatisticsLimits()
        limits.exactDistinct = seed % 4 == 0 ? 100_000 : Self.exactLimit
        limits.sample = 16
        limits.frequent = 8
        limits.pendingRows = [1, 40, 400][Int(seed / 3 % 3)]
        limits.pendingShare = seed % 2 == 0 ? 1_000 : 16
        limits.tableBytes = seed % 5 == 0 ? 30_000 : 24 << 20
        limits.unitBytes = seed % 2 == 0 ? 2_000 : 4 << 20
        limits.partBytes = 300
        limits.placesInWork = 10
        limits.segmentsPerStep = 2
        limits.segmentsBefore = 1
        limits.cellsAhead = [100, 100_000][Int(seed / 2 % 2)]
        return limits
    }

    @Test(arguments: 0..<24)
    func settledIsRecounted(_ seed: UInt64) async throws {
        try await live(seed, on: MemoryStore())
    }

    @Test(arguments: 100..<102)
    func settledIsRecountedOnDisk(_ seed: UInt64) async throws {
        try await StoreKind.lmdb.with { try await live(seed, on: $0) }
    }

    private func live(_ seed: UInt64, on store: any Store) async throws {
        var world = StatisticsWorld(store, seed: seed, limits: limits(seed))
        for _ in 0..<40 {
            switch world.random.below(100) {
            case ..<40: try await world.take()
            case ..<55:
                try await world.take()
                if seed % 3 != 0 || world.random.chance(50) { try world.countAhead() }
            case ..<65: _ = try await world.settle(lost: world.random.below(6))
            case ..<70: _ = try await world.settle(.recount, lost: world.random.below(6))
            case ..<75: try await world.damage()
            case ..<85: try await world.compact()
            case ..<86: try await world.deleteData()
            default:
                let mode: Settlement.Mode = world.random.chance(20) ? .recount : .incremental
                if let differences = try await world.settle(mode) { #expect(differences == []) }
                try check(world)
            }
        }
        _ = try await world.settle()
        try check(world)
        try await world.compact()
        try check(world)
    }

    private func check(_ world: StatisticsWorld) throws {
        guard let stored = try world.store.read({ try EntityState.load(in: $0, testShard, world.state.id) }) else {
            return
        }
        let oracle = try StatisticsOracle(stored, world.store)
        let kept = try world.store.read { try FieldFigures.list(in: $0, testShard, entity: stored.entity.number) }
        for field in stored.fields {
            let figures = try #require(kept[field.number])
            check(figures, oracle, field, world.limits)
        }
        let figures = try #require(stored.entity.figures)
        let cells = oracle.cells
        #expect(figures.recordCount == Int64(oracle.records.count))
        #expect(figures.cellCount == cells.all)
        #expect(figures.valueCount == cells.values)
        #expect(figures.approximate || oracle.contentCount <= world.limits.exactDistinct)
        if !figures.approximate {
            #expect(figures.repeatedCellCount == cells.repeated)
            #expect(figures.goodCellCount == cells.good)
        } else if cells.repeated == 0 {
            #expect(figures.repeatedCellCount == 0)
        }
        let recount = try world.recount()
        #expect(recount.differences == [])
        guard !figures.approximate else { return }
        // All but when it was counted, which a recount always shows.
        var counted = try #require(recount.state.entity.figures)
        (counted.settleMicros, counted.reloadMicros) = (figures.settleMicros, figures.reloadMicros)
        #expect(counted == figures)
    }

    private func check(
        _ figures: StoredFieldFigures, _ oracle: StatisticsOracle, _ field: EntityField, _ limits: StatisticsLimits
    ) {
        let label = Comment(rawValue: field.stored.apiLabel)
        let truth = oracle.figures(field)
        #expect(figures.rowCount == truth.rowCount, label)
        #expect(figures.valueCount == truth.valueCount, label)
        #expect(figures.hasExtremes == truth.hasExtremes, label)
        #expect(figures.minimum == truth.minimum, label)
        #expect(figures.maximum == truth.maximum, label)
        #expect(figures.hasMean == truth.hasMean, label)
        #expect(abs(figures.mean - truth.mean) < 1e-9, label)
        #expect(figures.shortestLength == truth.shortestLength, label)
        #expect(figures.longestLength == truth.longestLength, label)
        guard figures.approximate else {
            #expect(figures.distinctCount == truth.distinctCount, label)
            if truth.distinctCount <= limits.exactDistinct || !figures.topValues.isEmpty {
                #expect(figures.topValues == truth.topValues, label)
            }
            return
        }
        let counts = Dictionary(oracle.values(field.number).map { ($0, Int64(1)) }, uniquingKeysWith: +)
        let shown = Dictionary(
            uniqueKeysWithValues: figures.topValues.map { (String(decoding: $0.value, as: UTF8.self), $0.count) })
        let least = shown.count < limits.shown ? 0 : shown.values.min() ?? 0
        for (value, count) in counts where value.utf8.count <= 256 {
            let told = shown[value] ?? least
            #expect(count <= told + figures.topValuesError, "\(field.stored.apiLabel): \(value)")
            if let told = shown[value] { #expect(told <= count, "\(field.stored.apiLabel): \(value)") }
        }
    }
}
