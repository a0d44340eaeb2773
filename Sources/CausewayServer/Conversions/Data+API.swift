import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayWire

extension DayFigures {
    init(_ entry: DayTable.Entry) {
        self.init()
        date = entry.date.description
        newRecords = entry.day.newRecords
        updatedRecords = entry.day.updatedRecords
    }
}

extension ConnectionOverview {
    init(_ view: ConnectionOverviewView, of connection: String) {
        self.init()
        name = ResourceName.connection(connection)
        connectTime = ProtoTimestamp(micros: view.connection.connectMicros)
        totalRecords = view.figures.recordCount
        totalEntities = Int64(view.entities.count)
        let shares = QualityShares(view.entities.compactMap(\.entity.figures))
        nullValues = shares.nullValues
        completeness = shares.completeness
        repetition = shares.repetition
        dataQuality = shares.quality
        qualityApproximate = shares.isApproximate
        qualityVersion = shares.version
        statisticsTime = ProtoTimestamp(micros: shares.settleMicros)
        reloadTime = ProtoTimestamp(micros: shares.reloadMicros)
        last7Days = view.figures.days.map { DayFigures($0) }
        entities = view.entities.map { Entity($0, of: connection) }
    }
}

extension Entity {
    init(_ view: EntityView, of connection: String) {
        self.init()
        let stored = view.entity
        name = ResourceName.entity(connection, view.id)
        displayName = stored.displayName.isEmpty ? view.id : stored.displayName
        createTime = ProtoTimestamp(micros: stored.createMicros)
        dataUpdateTime = ProtoTimestamp(micros: stored.dataUpdateMicros)
        metadataFetchTime = ProtoTimestamp(micros: stored.metadataFetchMicros)
        recordCount = view.figures.recordCount
        let shares = QualityShares(stored.figures.map { [$0] } ?? [])
        nullValues = shares.nullValues
        completeness = shares.completeness
        repetition = shares.repetition
        dataQuality = shares.quality
        qualityApproximate = shares.isApproximate
        qualityVersion = shares.version
        statisticsTime = ProtoTimestamp(micros: shares.settleMicros)
        reloadTime = ProtoTimestamp(micros: shares.reloadMicros)
        last7Days = view.figures.days.map { DayFigures($0) }
        primaryKey = stored.primaryKey
        fieldCount = Int32(clamping: view.figures.fieldCount)
        quarantinedRows = view.quarantinedRows
    }
}

extension MetadataChange {
    init(_ stored: StoredMetadataChange, of connection: String) {
        self.init()
        createTime = ProtoTimestamp(micros: stored.createMicros)
        run = stored.run > 0 ? ResourceName.run(connection, stored.run) : ""
        fields = stored.fields.map { change in
            FieldChange.with {
                $0.apiLabel = change.apiLabel
                $0.kind = FieldChange.Kind(rawValue: change.kind)
                $0.before = change.before
                $0.after = change.after
            }
        }
    }
}

/// How good the cells of entities are, entities weighing by their cells.
private struct QualityShares {
    var nullValues = 0.0
    var completeness = 0.0
    var repetition = 0.0
    var quality = 0.0
    var isApproximate = false
    var version: Int32 = 0
    /// Of the entity that was settled first: the figures are at least as new.
    var settleMicros: Int64 = 0
    /// Of the entity that was counted anew first, 0 when one never was.
    var reloadMicros: Int64 = 0

    init(_ figures: [StoredEntityFigures]) {
        let cells = figures.reduce(0) { $0 &+ $1.cellCount }
        func share(_ count: (StoredEntityFigures) -> Int64) -> Double {
            guard cells > 0 else { return 0 }
            return min(1, max(0, Double(figures.reduce(0) { $0 &+ count($1) }) / Double(cells)))
        }
        nullValues = share { $0.cellCount &- $0.valueCount }
        completeness = cells > 0 ? 1 - nullValues : 0
        repetition = share(\.repeatedCellCount)
        quality = share(\.goodCellCount)
        isApproximate = figures.contains(where: \.approximate)
        version = figures.map(\.version).max() ?? 0
        settleMicros = figures.map(\.settleMicros).min() ?? 0
        reloadMicros = figures.map(\.reloadMicros).min() ?? 0
    }
}
