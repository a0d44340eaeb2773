import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayStore

/// The live records of an entity, read the simple way, and what their figures should be.
struct StatisticsOracle {
    struct Record {
        var carried: Set<UInt32> = []
        var values: [UInt32: String] = [:]
    }

    let state: EntityState
    var records: [Record] = []
    let keyFields: Set<UInt32>

    init(_ state: EntityState, _ store: any Store) throws {
        self.state = state
        keyFields = Set(state.entity.primaryKey.compactMap { state.field($0)?.number })
        let entity = state.entity.number
        var found: [Record] = []
        try store.read { transaction in
            var number: UInt64?
            while let next = try SegmentTable.neighbour(
                of: number, above: true, entity: entity, state.shard, in: transaction)
            {
                number = next
                let segment = try SegmentTable.segment(next, of: entity, state.shard, in: transaction)
                let isDead = try segment.places().map { place in
                    try SegmentTable.deadSlots(place.segment, of: entity, state.shard, in: transaction)
                        .contains(Int(place.slot))
                }
                var rows = [Record](repeating: Record(), count: segment.rowCount)
                for field in segment.fields {
                    let view = try #require(try segment.view(of: field))
                    for slot in 0..<segment.rowCount {
                        rows[slot].carried.insert(field)
                        rows[slot].values[field] = view.string(slot)
                    }
                }
                found += rows.indices.filter { !isDead[$0] }.map { rows[$0] }
            }
        }
        records = found
    }

    func values(_ field: UInt32) -> [String] { records.compactMap { $0.values[field] } }

    /// The figures of a field, all of them exact.
    func figures(_ field: EntityField) -> StoredFieldFigures {
        var figures = StoredFieldFigures()
        let values = values(field.number)
        let counts = Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +)
        figures.rowCount = Int64(records.count { $0.carried.contains(field.number) })
        figures.valueCount = Int64(values.count)
        figures.distinctCount = Int64(counts.count)
        guard !values.isEmpty else { return figures }
        let type = FieldType(rawValue: field.stored.type)
        let isNumber = type == .integer || type == .decimal
        let sorted = counts.keys.sorted { a, b in
            if isNumber, let x = Double(a), let y = Double(b), x != y { return x < y }
            return isBelow(Array(a.utf8), Array(b.utf8))
        }
        figures.hasExtremes = true
        figures.minimum = Array((sorted.first ?? "").utf8.prefix(256))
        figures.maximum = Array((sorted.last ?? "").utf8.prefix(256))
        figures.hasMean = isNumber
        if isNumber { figures.mean = values.reduce(0) { $0 + (Double($1) ?? 0) } / Double(values.count) }
        let lengths = values.map { Int64($0.unicodeScalars.count) }
        figures.shortestLength = lengths.min() ?? 0
        figures.longestLength = lengths.max() ?? 0
        let top = counts.sorted { a, b in
            a.value != b.value ? a.value > b.value : isBelow(Array(a.key.utf8), Array(b.key.utf8))
        }
        figures.topValues = top.prefix(50).map { text, count in
            var value = StoredTopValue()
            value.value = Array(text.utf8.prefix(256))
            value.count = Int64(count)
            value.truncated = text.utf8.count > 256
            return value
        }
        return figures
    }

    /// Cells, values, repeated cells and good cells.
    var cells: (all: Int64, values: Int64, repeated: Int64, good: Int64) {
        let fields = Int64(state.fields.count)
        var seen: Set<[UInt32: String]> = []
        var result: (all: Int64, values: Int64, repeated: Int64, good: Int64) = (0, 0, 0, 0)
        for record in records {
            result.all += fields
            result.values += Int64(record.values.count)
            if seen.insert(record.values.filter { !keyFields.contains($0.key) }).inserted {
                result.good += Int64(record.values.count)
            } else {
                result.repeated += fields
            }
        }
        return result
    }

    /// How many contents there are.
    var contentCount: Int {
        Set(records.map { record in record.values.filter { !keyFields.contains($0.key) } }).count
    }
}
