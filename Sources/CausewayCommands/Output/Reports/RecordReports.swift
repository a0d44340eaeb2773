import CausewayCore
import CausewayMessages

extension Report {
    /// Records, last imported first.
    ///
    /// - Parameter why: shows where each came from, before its values.
    static func records(_ response: ListRecordsResponse, why: Bool, _ clock: LocalClock) -> Report {
        var columns = response.fields.enumerated().map { index, label -> Table.Column in
            let column = Table.Column.text(Escaping.line(label), shrinksTo: 12)
            return index == 0 ? column : column.dispensable
        }
        if why { columns = [.number("RUN"), .whole("IMPORTED"), .path("SOURCE"), .number("ROW")] + columns }
        var table = Table(columns: columns)
        table.countsLeftOut = true
        for record in response.records {
            let values = record.values.map { value in
                value.text.map { Table.Cell($0) } ?? Table.Cell(value.masked ? Value.mask : "∅", .faint)
            }
            table.rows.append((why ? record.provenance(clock) : []) + values)
        }
        let json: JSONValue = .members([
            "fields": .array(response.fields.map(JSONValue.string)),
            "records": .array(response.records.map { $0.json(response.fields, provenance: why) }),
            "nextPageToken": .text(response.nextPageToken),
        ])
        var notes: [String] = []
        if response.records.isEmpty {
            notes.append("No records.")
        } else if !response.nextPageToken.isEmpty {
            notes.append(
                "There are more: --limit takes more, --all all. Next page: --page-token \(response.nextPageToken)")
        }
        return Report(json: json, blocks: [.table(table)], notes: notes)
    }
}

extension Record {
    fileprivate func provenance(_ clock: LocalClock) -> [Table.Cell] {
        [
            .init(ResourceName.match(run, "connections/*/runs/*")?.last ?? run),
            .init(importTime.map { clock.text($0.instant) } ?? ""), .init(source), .count(sourceRow),
        ]
    }
}
