import CausewayMessages

// Figures as documents, with the names of protobuf's JSON mapping.

extension ConnectionOverview {
    var json: JSONValue {
        .members([
            "name": .string(name),
            "connectTime": .time(connectTime),
            "totalRecords": .integer(totalRecords),
            "totalEntities": .integer(totalEntities),
            "nullValues": .double(nullValues),
            "completeness": .double(completeness),
            "last7Days": .array(last7Days.map(\.json)),
            "entities": .array(entities.map(\.json)),
        ])
    }
}

extension DayFigures {
    var json: JSONValue {
        [
            "date": .string(date), "newRecords": .integer(newRecords), "updatedRecords": .integer(updatedRecords),
        ]
    }
}

extension Entity {
    var json: JSONValue {
        .members([
            "name": .string(name),
            "displayName": .text(displayName),
            "createTime": .time(createTime),
            "dataUpdateTime": .time(dataUpdateTime),
            "metadataFetchTime": .time(metadataFetchTime),
            "recordCount": .integer(recordCount),
            "nullValues": .double(nullValues),
            "completeness": .double(completeness),
            "last7Days": .array(last7Days.map(\.json)),
            "primaryKey": .array(primaryKey.map(JSONValue.string)),
            "fieldCount": .integer(Int64(fieldCount)),
            "quarantinedRows": .integer(quarantinedRows),
        ])
    }
}

extension Field {
    var json: JSONValue {
        .members([
            "name": .string(name),
            "displayName": .text(displayName),
            "apiLabel": .string(apiLabel),
            "type": .string(type.description),
            "required": .boolean(required),
            "readOnly": .boolean(readOnly),
            "primaryKey": .boolean(primaryKey),
            "position": .integer(Int64(position)),
            "rowCount": .integer(rowCount),
            "valueCount": .integer(valueCount),
            "lastSeenTime": .time(lastSeenTime),
            "missing": .boolean(missing),
        ])
    }
}

extension Record {
    /// The values by field, null where there is none.
    ///
    /// - Parameter provenance: adds where the record came from.
    func json(_ fields: [String], provenance: Bool) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for (field, value) in zip(fields, values) { members[field] = value.text.map(JSONValue.string) ?? .null }
        guard provenance else { return .members(["values": .object(members)]) }
        return .members([
            "values": .object(members), "run": .text(run), "importTime": .time(importTime), "source": .text(source),
            "sourceRow": .integer(sourceRow),
        ])
    }
}
