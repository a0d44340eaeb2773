import CausewayCore
import CausewayMessages

extension Report {
    /// The figures of a connection.
    static func overview(_ overview: ConnectionOverview, _ clock: LocalClock) -> Report {
        let connection = ResourceName.match(overview.name, "connections/*")?.first ?? overview.name
        var facts = Facts()
        facts.add("Connection", connection)
        facts.add("Connected", overview.connectTime.map { clock.long($0.instant) })
        facts.add("Total records", Wording.count(overview.totalRecords))
        facts.add("Total entities", Wording.count(overview.totalEntities))
        facts.add("Fetched in the last 7 days", overview.last7Days.sumText)
        facts.add("Null values", Wording.share(overview.nullValues))
        facts.add("Completeness", Wording.share(overview.completeness))
        var blocks: [Block] = [.facts(facts)]
        if !overview.last7Days.isEmpty {
            blocks += [.heading("New and updated records by day"), .table(overview.last7Days.table)]
        }
        if !overview.entities.isEmpty { blocks += [.heading("Entities"), .table(table(overview.entities, clock))] }
        return Report(
            json: overview.json, blocks: blocks, names: [connection],
            notes: overview.totalEntities == 0 ? ["Nothing was fetched yet. Start: causeway fetch \(connection)"] : [])
    }

    /// Entities of a connection by name.
    static func entities(_ entities: [Entity], of connection: String, _ clock: LocalClock) -> Report {
        Report(
            json: ["entities": .array(entities.map(\.json))], blocks: [.table(table(entities, clock))],
            names: entities.map(\.id),
            notes: entities.isEmpty ? ["No entities yet. They come with: causeway fetch \(connection)"] : [])
    }

    /// One entity with its figures.
    static func entity(_ entity: Entity, _ clock: LocalClock) -> Report {
        var facts = Facts()
        facts.add("Entity", entity.name)
        facts.add("Display name", entity.displayName == entity.id ? nil : entity.displayName)
        facts.add("First seen", entity.createTime.map { clock.long($0.instant) })
        facts.add("Data updated", entity.dataUpdateTime.map { clock.long($0.instant) })
        facts.add("Metadata fetched", entity.metadataFetchTime.map { clock.long($0.instant) })
        facts.add(
            "Primary key",
            entity.primaryKey.isEmpty ? "none; the source position" : entity.primaryKey.joined(separator: ", "))
        facts.add("Records", Wording.count(entity.recordCount))
        facts.add("Fields", Wording.count(Int64(entity.fieldCount)))
        facts.add("Fetched in the last 7 days", entity.last7Days.sumText)
        facts.add("Null values", Wording.share(entity.nullValues))
        facts.add("Completeness", Wording.share(entity.completeness))
        facts.add(
            "In quarantine", Wording.count(entity.quarantinedRows, "row"),
            entity.quarantinedRows > 0 ? .warning : .plain)
        var blocks: [Block] = [.facts(facts)]
        if !entity.last7Days.isEmpty {
            blocks += [.heading("New and updated records by day"), .table(entity.last7Days.table)]
        }
        return Report(json: entity.json, blocks: blocks, names: [entity.id])
    }

    /// Fields of an entity in their order.
    static func fields(_ fields: [Field]) -> Report {
        var table = Table(columns: [
            .number("#"), .text("FIELD", shrinksTo: 12), .whole("TYPE"), .whole("KEY"), .whole("REQUIRED"),
            .number("ROWS"), .number("VALUES"), .number("NULL"), .text(""),
        ])
        for field in fields {
            table.rows.append([
                .init(String(field.position + 1)), .init(field.label), .init(field.type.word),
                .init(field.primaryKey ? "key" : ""), .init(field.required ? "required" : ""), .count(field.rowCount),
                .count(field.valueCount), .init(field.nullShare),
                .init(field.missing ? "missing lately" : "", .warning),
            ])
        }
        return Report(
            json: ["fields": .array(fields.map(\.json))], blocks: [.table(table)], names: fields.map(\.label),
            notes: fields.isEmpty ? ["No fields are known yet; a fetch finds them."] : [])
    }

    /// One field with its figures.
    static func field(_ field: Field, _ clock: LocalClock) -> Report {
        var facts = Facts()
        facts.add("Field", field.name)
        facts.add("Display name", field.displayName)
        facts.add("API label", field.apiLabel)
        facts.add("Type", field.type.word)
        facts.add("Part of the primary key", field.primaryKey ? "yes" : "no")
        facts.add("Required", field.required ? "yes" : "no")
        facts.add("Read only", field.readOnly ? "yes" : "no")
        facts.add("Position", String(field.position + 1))
        facts.add("Rows", Wording.count(field.rowCount))
        facts.add("Values", Wording.count(field.valueCount))
        facts.add("Null values", field.nullShare)
        facts.add("Last seen", field.lastSeenTime.map { clock.long($0.instant) })
        facts.add("", field.missing ? "The last run did not find it." : nil, .warning)
        return Report(json: field.json, blocks: [.facts(facts)], names: [field.label])
    }

    private static func table(_ entities: [Entity], _ clock: LocalClock) -> Table {
        var table = Table(columns: [
            .whole("ENTITY"), .number("RECORDS"), .number("FIELDS"), .number("NULL"), .number("COMPLETE"),
            .number("LAST 7 DAYS"), .number("QUARANTINED"), .whole("DATA UPDATED"),
        ])
        for entity in entities {
            table.rows.append([
                .init(entity.id), .count(entity.recordCount), .count(Int64(entity.fieldCount)),
                .init(Wording.share(entity.nullValues)), .init(Wording.share(entity.completeness)),
                .count(entity.last7Days.sum),
                .count(entity.quarantinedRows, entity.quarantinedRows > 0 ? .warning : .plain),
                .init(entity.dataUpdateTime.map { clock.text($0.instant) } ?? ""),
            ])
        }
        return table
    }
}

extension [DayFigures] {
    /// New and updated records of all days.
    fileprivate var sum: Int64 { reduce(0) { $0 &+ $1.newRecords &+ $1.updatedRecords } }

    fileprivate var sumText: String {
        let new = reduce(0) { $0 &+ $1.newRecords }
        return "\(Wording.count(sum)) (\(Wording.count(new)) new, \(Wording.count(sum &- new)) updated)"
    }

    /// A line a day, with a bar against the busiest.
    fileprivate var table: Table {
        let most = map { $0.newRecords &+ $0.updatedRecords }.max() ?? 0
        var table = Table(columns: [.whole("DAY"), .number("NEW"), .number("UPDATED"), .text("", shrinksTo: 1)])
        for day in self {
            let share = most > 0 ? Double(day.newRecords &+ day.updatedRecords) / Double(most) : 0
            let length = Int((share.clamped * 20).rounded(.up))
            table.rows.append([
                .init(day.date), .count(day.newRecords), .count(day.updatedRecords),
                .init(String(repeating: "▇", count: length), .good),
            ])
        }
        return table
    }
}

extension Double {
    fileprivate var clamped: Double { Swift.min(1, Swift.max(0, self)) }
}

extension Entity {
    /// The part of the name after "entities/".
    var id: String { ResourceName.match(name, "connections/*/entities/*")?.last ?? name }
}

extension Field {
    /// As the source calls it.
    var label: String { apiLabel.isEmpty ? displayName : apiLabel }

    fileprivate var nullShare: String {
        rowCount > 0 ? Wording.share(Double(rowCount &- valueCount) / Double(rowCount)) : "–"
    }
}

extension Field.TypeEnum {
    /// For people.
    var word: String {
        switch self {
        case .unspecified: "not known yet"
        case .dateTime: "date-time"
        default: description.lowercased()
        }
    }
}
