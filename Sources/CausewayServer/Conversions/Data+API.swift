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
        nullValues = view.figures.nullShare
        completeness = view.figures.completeness
        last7Days = view.figures.days.map { DayFigures($0) }
        entities = view.entities.map { Entity($0, of: connection) }
    }
}

extension Entity {
    init(_ view: EntityView, of connection: String) {
        self.init()
        let stored = view.state.entity
        name = ResourceName.entity(connection, view.id)
        displayName = stored.displayName.isEmpty ? view.id : stored.displayName
        createTime = ProtoTimestamp(micros: stored.createMicros)
        dataUpdateTime = ProtoTimestamp(micros: stored.dataUpdateMicros)
        metadataFetchTime = ProtoTimestamp(micros: stored.metadataFetchMicros)
        recordCount = view.figures.recordCount
        nullValues = view.figures.nullShare
        completeness = view.figures.completeness
        last7Days = view.figures.days.map { DayFigures($0) }
        primaryKey = stored.primaryKey
        fieldCount = Int32(clamping: view.figures.fieldCount)
        quarantinedRows = view.quarantinedRows
    }
}

extension Field {
    init(_ field: EntityField, of view: EntityView, _ connection: String) {
        self.init()
        let stored = field.stored
        name = ResourceName.field(connection, view.id, stored.apiLabel)
        displayName = stored.displayName.isEmpty ? stored.apiLabel : stored.displayName
        apiLabel = stored.apiLabel
        type = TypeEnum(rawValue: stored.type)
        required = stored.required
        readOnly = stored.readOnly
        primaryKey = view.state.entity.primaryKey.contains(stored.apiLabel)
        position = stored.position
        rowCount = stored.rowCount
        valueCount = stored.valueCount
        lastSeenTime = ProtoTimestamp(micros: stored.lastSeenMicros)
        missing = stored.missing
    }
}
