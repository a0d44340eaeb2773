import CausewayCore
import CausewayMessages

extension Report {
    /// The figures of a connection.
    static func overview(_ overview: ConnectionOverview, _ clock: LocalClock) -> Report {
        var facts = Facts()
        facts.add("Connection", overview.connectionID)
        facts.add("Connected", overview.connectTime.map { clock.long($0.instant) })
        facts.add("Total records", Wording.count(overview.totalRecords))
        facts.add("Total entities", Wording.count(overview.totalEntities))
        facts.add("Data quality", overview.quality.text)
        facts.add("Null values", overview.quality.nullText)
        facts.add("Figures of", overview.statisticsTime.map { clock.long($0.instant) })
        facts.add("Counted anew", overview.reloadTime.map { clock.long($0.instant) })
        facts.add("Fetched in the last 7 days", overview.last7Days.sumText)
        var blocks: [Block] = [.facts(facts)] + daysBlocks(overview.last7Days)
        if !overview.entities.isEmpty {
            blocks += [.heading("Entities"), .table(entityTable(overview.entities, clock))]
        }
        let hint = "Nothing was fetched yet. Start: causeway fetch \(overview.connectionID)"
        return Report(
            json: overview.json, blocks: blocks, names: [overview.connectionID],
            notes: overview.totalEntities == 0 ? [hint] : [])
    }

    /// The figures of all connections, a line each.
    static func overviews(_ overviews: [ConnectionOverview], _ clock: LocalClock) -> Report {
        var table = Table(columns: [
            .whole("CONNECTION"), .number("RECORDS"), .number("ENTITIES"), .number("QUALITY"), .number("COMPLETE"),
            .number("REPEATED"), .number("LAST 7 DAYS"), .whole("BY DAY").dispensable, .whole("CONNECTED").dispensable,
        ])
        for overview in overviews {
            let quality = overview.quality
            table.rows.append([
                .init(overview.connectionID), .count(overview.totalRecords), .count(overview.totalEntities),
                .init(quality.shareText(quality.quality)), .init(quality.shareText(quality.completeness)),
                .init(quality.shareText(quality.repetition)), .count(overview.last7Days.sum),
                .init(Bar.row(overview.last7Days.sums), .good),
                .init(overview.connectTime.map { clock.text($0.instant) } ?? ""),
            ])
        }
        if overviews.count > 1 {
            let cells = overviews.map { ($0.totalRecords, $0.totalEntities, $0.last7Days.sum) }
            table.rows.append([
                .init("all", .strong), .count(cells.reduce(0) { $0 &+ $1.0 }, .strong),
                .count(cells.reduce(0) { $0 &+ $1.1 }, .strong), "", "", "",
                .count(cells.reduce(0) { $0 &+ $1.2 }, .strong),
            ])
        }
        return Report(
            json: ["overviews": .array(overviews.map(\.json))], blocks: [.table(table)],
            names: overviews.map(\.connectionID),
            notes: overviews.isEmpty
                ? ["No connections yet. `causeway catalogue list` shows what can be connected to."] : [])
    }

    /// A line a day, with a bar against the busiest.
    static func daysBlocks(_ days: [DayFigures]) -> [Block] {
        guard !days.isEmpty else { return [] }
        let most = days.sums.max() ?? 0
        var table = Table(columns: [
            .whole("DAY"), .number("NEW"), .number("UPDATED"), .bars(most > 0 ? "█ new ▒ updated" : ""),
        ])
        for day in days {
            let parts = [day.newRecords, day.updatedRecords].map { most > 0 ? Double($0) / Double(most) : 0 }
            table.rows.append([
                .init(day.date), .count(day.newRecords), .count(day.updatedRecords),
                most > 0 ? .init(Bar(parts: parts)) : "",
            ])
        }
        return [.heading("New and updated records by day"), .table(table)]
    }

    /// A line an entity.
    static func entityTable(_ entities: [Entity], _ clock: LocalClock) -> Table {
        var table = Table(columns: [
            .whole("ENTITY"), .number("RECORDS"), .number("FIELDS"), .number("QUALITY"), .number("COMPLETE"),
            .number("REPEATED"), .number("QUARANTINED"), .whole("7 DAYS").dispensable,
            .whole("DATA UPDATED").dispensable,
        ])
        for entity in entities {
            let quality = entity.quality
            table.rows.append([
                .init(entity.id), .count(entity.recordCount), .count(Int64(entity.fieldCount)),
                .init(quality.shareText(quality.quality)), .init(quality.shareText(quality.completeness)),
                .init(quality.shareText(quality.repetition)),
                .count(entity.quarantinedRows, entity.quarantinedRows > 0 ? .warning : .plain),
                .init(Bar.row(entity.last7Days.sums), .good),
                .init(entity.dataUpdateTime.map { clock.text($0.instant) } ?? ""),
            ])
        }
        return table
    }
}

/// How good data is: shares that are shown together.
struct QualityFigures: Hashable, Sendable {
    var quality: Double
    var completeness: Double
    var repetition: Double
    var nullValues: Double
    /// Repetition and quality are estimates.
    var isApproximate: Bool
    /// There are no records, or nothing was counted yet.
    var isEmpty: Bool

    /// "94.1 % (completeness 96.4 %, repetition 2.3 %)".
    var text: String {
        guard !isEmpty else { return "–" }
        let sign = isApproximate ? "≈ " : ""
        return "\(sign)\(Wording.share(quality)) "
            + "(completeness \(Wording.share(completeness)), repetition \(sign)\(Wording.share(repetition)))"
    }

    var nullText: String { isEmpty ? "–" : Wording.share(nullValues) }

    func shareText(_ share: Double) -> String { isEmpty ? "–" : Wording.share(share, aligned: true) }
}

extension ConnectionOverview {
    /// The part of the name after "connections/".
    var connectionID: String { ResourceName.match(name, "connections/*")?.first ?? name }

    var quality: QualityFigures {
        QualityFigures(
            quality: dataQuality, completeness: completeness, repetition: repetition, nullValues: nullValues,
            isApproximate: qualityApproximate, isEmpty: totalRecords == 0 || statisticsTime == nil)
    }
}

extension Entity {
    /// The part of the name after "entities/".
    var id: String { ResourceName.match(name, "connections/*/entities/*")?.last ?? name }

    var quality: QualityFigures {
        QualityFigures(
            quality: dataQuality, completeness: completeness, repetition: repetition, nullValues: nullValues,
            isApproximate: qualityApproximate, isEmpty: recordCount == 0 || statisticsTime == nil)
    }
}

extension [DayFigures] {
    /// New and updated records of each day.
    var sums: [Int64] { map { $0.newRecords &+ $0.updatedRecords } }

    /// New and updated records of all days.
    var sum: Int64 { sums.reduce(0, &+) }

    var sumText: String {
        let new = reduce(0) { $0 &+ $1.newRecords }
        return "\(Wording.count(sum)) (\(Wording.count(new)) new, \(Wording.count(sum &- new)) updated)"
    }
}
