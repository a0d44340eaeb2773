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
            "repetition": .double(repetition),
            "dataQuality": .double(dataQuality),
            "qualityApproximate": .boolean(qualityApproximate),
            "qualityVersion": .integer(Int64(qualityVersion)),
            "statisticsTime": .time(statisticsTime),
            "reloadTime": .time(reloadTime),
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
            "repetition": .double(repetition),
            "dataQuality": .double(dataQuality),
            "qualityApproximate": .boolean(qualityApproximate),
            "qualityVersion": .integer(Int64(qualityVersion)),
            "statisticsTime": .time(statisticsTime),
            "reloadTime": .time(reloadTime),
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
            "sensitive": .boolean(sensitive),
            "position": .integer(Int64(position)),
            "rowCount": .integer(rowCount),
            "valueCount": .integer(valueCount),
            "distinctCount": .integer(distinctCount),
            "approximate": .boolean(approximate),
            "minimum": minimum?.json,
            "maximum": maximum?.json,
            "mean": mean.map(JSONValue.double),
            "shortestLength": .integer(shortestLength),
            "longestLength": .integer(longestLength),
            "topValues": .list(topValues.map(\.json)),
            "topValuesError": .integer(topValuesError),
            "dataUpdateTime": .time(dataUpdateTime),
            "metadataFetchTime": .time(metadataFetchTime),
            "statisticsTime": .time(statisticsTime),
            "lastSeenTime": .time(lastSeenTime),
            "missing": .boolean(missing),
        ])
    }
}

extension Value {
    /// As protobuf's JSON: nothing set is null.
    var json: JSONValue {
        .members(["text": text.map(JSONValue.string), "masked": masked ? true : nil])
    }
}

extension TopValue {
    var json: JSONValue {
        .members([
            "value": (value ?? Value()).json,
            "count": .integer(count),
            "share": .double(share),
            "truncated": truncated ? true : nil,
        ])
    }
}

extension MetadataChange {
    var json: JSONValue {
        .members([
            "createTime": .time(createTime),
            "run": .text(run),
            "fields": .array(
                fields.map { field in
                    .members([
                        "apiLabel": .string(field.apiLabel), "kind": .string(field.kind.description),
                        "before": .text(field.before), "after": .text(field.after),
                    ])
                }),
        ])
    }
}

extension Record {
    /// The values by field, null where there is none or where it is masked; "masked" names the fields of the latter.
    ///
    /// - Parameter provenance: adds where the record came from.
    func json(_ fields: [String], provenance: Bool) -> JSONValue {
        var members: [String: JSONValue] = [:]
        var masked: [JSONValue] = []
        for (field, value) in zip(fields, values) {
            members[field] = value.text.map(JSONValue.string) ?? .null
            if value.masked { masked.append(.string(field)) }
        }
        guard provenance else { return .members(["values": .object(members), "masked": .list(masked)]) }
        return .members([
            "values": .object(members), "masked": .list(masked), "run": .text(run), "importTime": .time(importTime),
            "source": .text(source), "sourceRow": .integer(sourceRow),
        ])
    }
}
