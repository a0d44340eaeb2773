package import CausewayCore
package import CausewayMessages

/// The kept figures of fields: as quick to read for a billion records as for one.
package enum FieldFigures {
    /// A field's figures as of the last settling; nil before the first that saw the field.
    ///
    /// - Throws: ``CausewayError``: `STORE_DAMAGED` (data loss), and those of the store.
    package static func load(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, entity: UInt32, field: UInt32
    ) throws -> StoredFieldFigures? {
        try TableAccess.get(StoredFieldFigures.self, .fieldFigures, key(shard, entity, field), in: transaction)
    }

    /// Those of all fields of an entity that have any, by number.
    package static func list(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, entity: UInt32
    ) throws -> [UInt32: StoredFieldFigures] {
        let found = try TableAccess.list(
            StoredFieldFigures.self, .fieldFigures, KeyRange(prefix: KeyBuilder.key(shard, entity: entity)),
            limit: .max, in: transaction
        ) { key, figures in
            (try key.half(at: 4), figures)
        }
        return Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    static func key(_ shard: ShardID, _ entity: UInt32, _ field: UInt32) -> [UInt8] {
        KeyBuilder.key(shard, entity: entity, field: field)
    }
}

/// A kept figure that a recount did not confirm.
package struct FigureDifference: Hashable, Sendable {
    /// The field's label; nil: a figure of the entity.
    package var field: String?
    /// As in ``StoredFieldFigures`` or ``StoredEntityFigures``, such as "distinct_count".
    package var figure: String

    /// The figures that differ though both are exact, or estimates that do not depend on the order of records.
    static func between(_ kept: StoredFieldFigures, _ counted: StoredFieldFigures, field: String) -> [FigureDifference]
    {
        var names: [String] = []
        if kept.rowCount != counted.rowCount { names.append("row_count") }
        if kept.valueCount != counted.valueCount { names.append("value_count") }
        if kept.distinctCount != counted.distinctCount || kept.approximate != counted.approximate {
            names.append("distinct_count")
        }
        if kept.hasExtremes != counted.hasExtremes || kept.minimum != counted.minimum { names.append("minimum") }
        if kept.hasExtremes != counted.hasExtremes || kept.maximum != counted.maximum { names.append("maximum") }
        if kept.hasMean != counted.hasMean || kept.mean != counted.mean { names.append("mean") }
        if kept.shortestLength != counted.shortestLength { names.append("shortest_length") }
        if kept.longestLength != counted.longestLength { names.append("longest_length") }
        if !kept.approximate, !counted.approximate, kept.topValues != counted.topValues { names.append("top_values") }
        return names.map { FigureDifference(field: field, figure: $0) }
    }

    static func between(_ kept: StoredEntityFigures, _ counted: StoredEntityFigures) -> [FigureDifference] {
        var names: [String] = []
        if kept.recordCount != counted.recordCount { names.append("record_count") }
        if kept.cellCount != counted.cellCount { names.append("cell_count") }
        if kept.valueCount != counted.valueCount { names.append("value_count") }
        if !kept.approximate, !counted.approximate {
            if kept.repeatedCellCount != counted.repeatedCellCount { names.append("repeated_cell_count") }
            if kept.goodCellCount != counted.goodCellCount { names.append("good_cell_count") }
        }
        return names.map { FigureDifference(field: nil, figure: $0) }
    }
}
