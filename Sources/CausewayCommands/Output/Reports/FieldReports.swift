import CausewayCore
import CausewayMessages

extension Report {
    /// Fields of an entity in their order.
    static func fields(_ fields: [Field]) -> Report {
        var table = Table(columns: [
            .number("#"), .text("FIELD", shrinksTo: 12), .whole("TYPE"), .whole("KEY"), .whole("REQUIRED"),
            .number("ROWS"), .number("VALUES"), .number("NULL"), .number("DISTINCT").dispensable, .text(""),
        ])
        for field in fields {
            let marks = [field.sensitive ? "sensitive" : nil, field.missing ? "missing lately" : nil]
            table.rows.append([
                .init(String(field.position + 1)), .init(field.label), .init(field.type.word),
                .init(field.primaryKey ? "key" : "", .strong), .init(field.required ? "required" : ""),
                .count(field.rowCount), .count(field.valueCount), .init(field.nullShare(aligned: true)),
                .init(field.distinctText),
                .init(marks.compactMap { $0 }.joined(separator: ", "), .warning),
            ])
        }
        return Report(
            json: ["fields": .array(fields.map(\.json))], blocks: [.table(table)], names: fields.map(\.label),
            notes: fields.isEmpty ? ["No fields are known yet; a fetch finds them."] : [])
    }

    /// One field with its figures.
    ///
    /// - Parameter top: how many of the frequent values are shown to people; programs get all.
    static func field(_ field: Field, _ clock: LocalClock, top: Int = 10) -> Report {
        var facts = Facts()
        facts.add("Field", field.name)
        facts.add("Display name", field.displayName)
        facts.add("API label", field.apiLabel)
        facts.add("Type", field.type.word)
        facts.add("Marks", field.marks)
        facts.add("Data updated", field.dataUpdateTime.map { clock.long($0.instant) })
        facts.add("Metadata fetched", field.metadataFetchTime.map { clock.long($0.instant) })
        facts.add("Figures of", field.statisticsTime.map { clock.long($0.instant) })
        facts.add("Last seen", field.lastSeenTime.map { clock.long($0.instant) })
        facts.add("", field.missing ? "The last run did not find it." : nil, .warning)
        facts.add("Rows", Wording.count(field.rowCount))
        facts.add("Values", Wording.count(field.valueCount))
        facts.add("Null values", field.nullShare())
        facts.add("Distinct values", field.distinctText)
        facts.add("Minimum", field.minimum?.shown)
        facts.add("Maximum", field.maximum?.shown)
        facts.add("Mean", field.mean.map(Wording.number))
        facts.add("Length", field.lengthText)
        var blocks: [Block] = [.facts(facts)]
        if !field.topValues.isEmpty {
            blocks += [.heading("Top values"), .table(topTable(Array(field.topValues.prefix(top))))]
            let more = field.topValues.count - top
            if more > 0 { blocks.append(.text(["… and \(Wording.count(Int64(more))) more; --top takes more."])) }
            if field.topValuesError > 0 { blocks.append(.text(field.errorText)) }
        }
        return Report(
            json: field.json, blocks: blocks, names: [field.label],
            notes: field.sensitive ? ["The field is marked sensitive: its values are masked."] : [])
    }

    /// What an edit made of a field.
    static func edited(_ field: Field) -> Report {
        Report(
            json: field.json, names: [field.label],
            notes: ["\(field.label) is called \(field.displayName); marks: \(field.marks)."])
    }

    private static func topTable(_ values: [TopValue]) -> Table {
        var table = Table(columns: [
            .text("VALUE", shrinksTo: 12), .number("COUNT"), .number("SHARE"), .bars(""),
        ])
        let most = values.map(\.count).max() ?? 0
        for top in values {
            let text = top.value?.text
            let style: Style = text?.isEmpty == false ? .plain : .faint
            let end = top.truncated && text != nil ? "…" : ""
            table.rows.append([
                .init((top.value?.shown ?? "") + end, style), .count(top.count),
                .init(Wording.share(top.share, aligned: true)),
                .init(Bar(most > 0 ? Double(top.count) / Double(most) : 0)),
            ])
        }
        return table
    }
}

extension Value {
    /// For people: the text, or a sign for what is not shown.
    var shown: String {
        guard !masked else { return Self.mask }
        guard let text else { return "∅" }
        return text.isEmpty ? "(empty)" : DisplayWidth.truncated(Escaping.line(text), to: 200)
    }

    static let mask = "•••"
}

extension Field {
    /// As the source calls it.
    var label: String { apiLabel.isEmpty ? displayName : apiLabel }

    func nullShare(aligned: Bool = false) -> String {
        rowCount > 0 ? Wording.share(Double(rowCount &- valueCount) / Double(rowCount), aligned: aligned) : "–"
    }

    /// "12", "≈ 1,200,000", "–" before they were counted.
    var distinctText: String {
        statisticsTime == nil ? "–" : (approximate ? "≈ " : "") + Wording.count(distinctCount)
    }

    /// "key, required, sensitive", "none".
    fileprivate var marks: String {
        let marks = [
            (primaryKey, "primary key"), (required, "required"), (readOnly, "read-only"), (sensitive, "sensitive"),
        ]
        let set = marks.filter { $0.0 }.map(\.1)
        return set.isEmpty ? "none" : set.joined(separator: ", ")
    }

    /// "3 to 120 characters", nil without values and where lengths say nothing.
    fileprivate var lengthText: String? {
        guard longestLength > 0 else { return nil }
        guard shortestLength < longestLength else { return Wording.count(longestLength, "character") }
        return "\(Wording.count(shortestLength)) to \(Wording.count(longestLength, "character"))"
    }

    fileprivate var errorText: [String] {
        let share = valueCount > 0 ? " (\(Wording.share(Double(topValuesError) / Double(valueCount))))" : ""
        return [
            "≈ Each count may be too low by up to \(Wording.count(topValuesError))\(share),",
            "  and a value that is not listed may occur as often.",
        ]
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

extension Wording {
    /// A number of any size, to at most 6 digits behind the point.
    static func number(_ number: Double) -> String {
        guard number.isFinite, number.magnitude < 1e15, number == 0 || number.magnitude >= 1e-4 else {
            return number.description
        }
        let scaled = (number.magnitude * 1e6).rounded()
        guard scaled < 9e18 else { return count(Int64(number.rounded())) }
        let (whole, rest) = Int64(scaled).quotientAndRemainder(dividingBy: 1_000_000)
        var digits = String(String(1_000_000 + rest).dropFirst())
        while digits.hasSuffix("0") { digits.removeLast() }
        return (number < 0 && scaled > 0 ? "-" : "") + count(whole) + (digits.isEmpty ? "" : ".\(digits)")
    }
}
