import CausewayCore
import CausewayMessages

extension Report {
    /// Entities of a connection by name.
    static func entities(_ entities: [Entity], of connection: String, _ clock: LocalClock) -> Report {
        Report(
            json: ["entities": .array(entities.map(\.json))], blocks: [.table(entityTable(entities, clock))],
            names: entities.map(\.id),
            notes: entities.isEmpty ? ["No entities yet. They come with: causeway fetch \(connection)"] : [])
    }

    /// One entity with its figures and its metadata.
    static func entity(_ entity: Entity, _ clock: LocalClock, fields: [Field] = []) -> Report {
        var facts = Facts()
        facts.add("Entity", entity.name)
        facts.add("Display name", entity.displayName == entity.id ? nil : entity.displayName)
        facts.add("Created", entity.createTime.map { clock.long($0.instant) })
        facts.add("Last updated by data", entity.dataUpdateTime.map { clock.long($0.instant) })
        facts.add("Metadata fetched", entity.metadataFetchTime.map { clock.long($0.instant) })
        facts.add(
            "Primary key",
            entity.primaryKey.isEmpty ? "none; the source position" : entity.primaryKey.joined(separator: ", "))
        facts.add("Records", Wording.count(entity.recordCount))
        facts.add("Fields", Wording.count(Int64(entity.fieldCount)))
        facts.add("Data quality", entity.quality.text)
        facts.add("Null values", entity.quality.nullText)
        facts.add("Figures of", entity.statisticsTime.map { clock.long($0.instant) })
        facts.add("Counted anew", entity.reloadTime.map { clock.long($0.instant) })
        facts.add("Fetched in the last 7 days", entity.last7Days.sumText)
        facts.add(
            "In quarantine", Wording.count(entity.quarantinedRows, "row"),
            entity.quarantinedRows > 0 ? .warning : .plain)
        var blocks: [Block] = [.facts(facts)] + daysBlocks(entity.last7Days)
        if !fields.isEmpty { blocks += [.heading("Metadata"), .table(metadataTable(fields))] }
        var json = entity.json
        if !fields.isEmpty, case .object(var members) = json {
            members["fields"] = .array(fields.map(\.json))
            json = .object(members)
        }
        return Report(json: json, blocks: blocks, names: [entity.id])
    }

    /// What an edit made of an entity.
    static func edited(_ entity: Entity) -> Report {
        Report(
            json: entity.json, names: [entity.id],
            notes: ["\(entity.id) is called \(entity.displayName.isEmpty ? entity.id : entity.displayName)."])
    }

    /// What changed in an entity's metadata, latest first.
    static func metadataChanges(_ changes: [MetadataChange], hasMore: Bool, _ clock: LocalClock) -> Report {
        var table = Table(columns: [
            .whole("WHEN"), .text("BY", shrinksTo: 6), .text("FIELD", shrinksTo: 12), .whole("CHANGE"),
            .text("DETAIL", shrinksTo: 12),
        ])
        for change in changes {
            let run = ResourceName.match(change.run, "connections/*/runs/*")?.last
            for (index, field) in change.fields.enumerated() {
                table.rows.append([
                    .init(index == 0 ? change.createTime.map { clock.text($0.instant) } ?? "" : ""),
                    .init(index > 0 ? "" : run.map { "run \($0)" } ?? (change.run.isEmpty ? "edit" : change.run)),
                    .init(field.apiLabel), .init(field.kind.word, field.kind == .missing ? .warning : .plain),
                    .init(field.detail),
                ])
            }
        }
        return Report(
            json: ["changes": .array(changes.map(\.json))], blocks: [.table(table)],
            notes: changes.isEmpty
                ? ["Nothing is known to have changed."] : hasMore ? ["There are more: --limit takes more."] : [])
    }

    private static func metadataTable(_ fields: [Field]) -> Table {
        // A column that few installations need takes no room in the others.
        let showsSensitive = fields.contains(where: \.sensitive)
        var table = Table(columns: [
            .text("API LABEL", shrinksTo: 16), .text("DISPLAY NAME", shrinksTo: 16), .whole("TYPE"), .whole("KEY"),
            .whole("REQUIRED"), .whole("READ-ONLY"),
        ])
        if showsSensitive { table.columns.append(.whole("SENSITIVE")) }
        table.columns += [.number("NULL").dispensable, .number("DISTINCT").dispensable]
        for field in fields {
            var cells: [Table.Cell] = [
                .init(field.label, field.missing ? .faint : .plain), .init(field.displayName), .init(field.type.word),
                .init(field.primaryKey ? "key" : "", .strong), .init(field.required ? "yes" : ""),
                .init(field.readOnly ? "yes" : ""),
            ]
            if showsSensitive { cells.append(.init(field.sensitive ? "yes" : "", .warning)) }
            table.rows.append(cells + [.init(field.nullShare(aligned: true)), .init(field.distinctText)])
        }
        return table
    }
}

extension FieldChange.Kind {
    /// For people.
    var word: String { description.lowercased().replacingUnderscores() }
}

extension FieldChange {
    /// "integer → decimal", "display_name: Customer".
    fileprivate var detail: String {
        switch kind {
        case .edited: after.isEmpty ? before : "\(before): \(after)"
        default: [before, after].filter { !$0.isEmpty }.joined(separator: " → ")
        }
    }
}
