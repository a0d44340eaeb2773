import CausewayCore
import CausewayMessages

extension Report {
    /// Rows in quarantine, latest first.
    static func quarantine(_ rows: [QuarantinedRow], hasMore: Bool, _ clock: LocalClock) -> Report {
        var table = Table(columns: [
            .number("ID"), .number("RUN").dispensable, .text("ENTITY"), .whole("REASON"), .path("SOURCE"),
            .number("LINE"), .number("COLUMN").dispensable, .prose("MESSAGE"),
        ])
        for row in rows {
            table.rows.append([
                .init(row.id), .init(row.runNumber), .init(row.entityID), .init(row.reason, .warning),
                .init(row.source), .init(String(row.line)), .init(row.column > 0 ? String(row.column) : ""),
                .init(row.message),
            ])
        }
        return Report(
            json: ["quarantinedRows": .array(rows.map { $0.json(raw: false) })], blocks: [.table(table)],
            names: rows.map(\.id),
            notes: rows.isEmpty
                ? ["Nothing is in quarantine."] : hasMore ? ["There are more: --limit takes more."] : [])
    }

    /// One row with its bytes.
    static func quarantinedRow(_ row: QuarantinedRow, _ clock: LocalClock) -> Report {
        var facts = Facts()
        facts.add("Row", row.name)
        facts.add("Reason", row.reason, .warning)
        facts.add("Message", row.message)
        facts.add("Entity", row.entityID)
        facts.add("Run", row.runNumber)
        facts.add("Since", row.createTime.map { clock.long($0.instant) })
        facts.add("Source", row.source)
        facts.add("Line", String(row.line))
        facts.add("Column", row.column > 0 ? String(row.column) : nil)
        facts.add("Row in the source", row.sourceRow > 0 ? String(row.sourceRow) : nil)
        let raw = String(decoding: row.raw, as: UTF8.self)
        let lines = raw.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        return Report(
            json: row.json(raw: true),
            blocks: [
                .facts(facts), .heading("As it stood in the file"),
                .text(row.rawWithheld ? ["•••"] : lines.last == "" ? lines.dropLast() : lines),
            ],
            names: [row.id],
            notes: (row.truncated ? ["The row was longer; only its beginning was kept."] : [])
                + (row.rawWithheld
                    ? ["A field of \(row.entityID) is marked sensitive: --reveal-sensitive shows the bytes to admins."]
                    : [])
        )
    }
}

extension QuarantinedRow {
    var id: String { ResourceName.match(name, "connections/*/quarantinedRows/*")?.last ?? name }
    var runNumber: String { ResourceName.match(run, "connections/*/runs/*")?.last ?? run }
    var entityID: String { ResourceName.match(entity, "connections/*/entities/*")?.last ?? entity }

    /// - Parameter raw: adds the bytes, as text when they are UTF-8, else in base64.
    func json(raw includesRaw: Bool) -> JSONValue {
        let showsRaw = includesRaw && !rawWithheld
        let text = showsRaw ? String(validating: raw, as: UTF8.self) : nil
        return .members([
            "name": .string(name),
            "entity": .text(entity),
            "run": .text(run),
            "createTime": .time(createTime),
            "reason": .string(reason),
            "message": .text(message),
            "source": .text(source),
            "line": .integer(line),
            "column": column > 0 ? .integer(Int64(column)) : nil,
            "sourceRow": .integer(sourceRow),
            "rawText": text.map(JSONValue.string),
            "rawBase64": showsRaw && text == nil ? .string(Base64.text(raw)) : nil,
            "rawWithheld": rawWithheld ? true : nil,
            "truncated": includesRaw ? .boolean(truncated) : nil,
        ])
    }
}

/// RFC 4648 §4.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let group = part.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - part.count))
            for digit in 0..<4 {
                result.append(digit <= part.count ? alphabet[group >> (18 - 6 * digit) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
