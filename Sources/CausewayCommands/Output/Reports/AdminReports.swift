import CausewayCore
import CausewayMessages

extension Report {
    static func health(_ health: Health) -> Report {
        let word = health.status == .serving ? "serving" : "not serving"
        return Report(
            json: ["status": .string(health.status.description)], blocks: [.text(["The daemon is \(word)."])],
            names: [word])
    }

    /// - Parameter client: the version of this program.
    static func version(_ version: Version, client: String) -> Report {
        var facts = Facts()
        facts.add("Client", client)
        facts.add("Daemon", version.version)
        facts.add("Protocol", String(version.protocolVersion))
        facts.add("Store format", String(version.storeFormat))
        for (name, text) in version.libraries.sorted(by: { $0.key < $1.key }) { facts.add(name, text) }
        var blocks: [Block] = [.facts(facts)]
        if !version.limitations.isEmpty {
            blocks += [.heading("Limits of the libraries at hand"), .text(version.limitations.map { "- \($0)" })]
        }
        return Report(
            json: [
                "client": .string(client),
                "daemon": .string(version.version),
                "protocolVersion": .integer(Int64(version.protocolVersion)),
                "storeFormat": .integer(Int64(version.storeFormat)),
                "libraries": .object(version.libraries.mapValues(JSONValue.string)),
                "limitations": .array(version.limitations.map(JSONValue.string)),
            ], blocks: blocks, names: [version.version])
    }

    static func actors(_ tree: ActorTree, _ clock: LocalClock) -> Report {
        var table = Table(columns: [
            .whole(""), .whole("STATE"), .number("RUN"), .whole("NEXT RUN"), .number("RESTARTS"),
            .prose("LAST FAILURE"),
        ])
        for (index, actor) in tree.actors.enumerated() {
            let branch = index == tree.actors.count - 1 ? "└─ " : "├─ "
            table.rows.append([
                .init(branch + (ResourceName.match(actor.connection, "connections/*")?.first ?? actor.connection)),
                .init(actor.state), .init(ResourceName.match(actor.currentRun, "connections/*/runs/*")?.last ?? ""),
                .init(actor.nextRunTime.map { clock.text($0.instant) } ?? ""), .count(Int64(actor.restarts)),
                .init(actor.lastFailure, .warning),
            ])
        }
        let since = tree.startTime.map { ", since \(clock.long($0.instant))" } ?? ""
        let root =
            "supervisor: \(Wording.count(tree.actorCount, "connection")), \(tree.runningRuns) of \(tree.runPermits) "
            + "permits in use, \(Wording.count(Int64(tree.queuedRuns), "run")) queued\(since)"
        var blocks: [Block] = [.heading(root), .table(table)]
        if tree.actorCount > Int64(tree.actors.count) {
            blocks.append(.text(["… and \(Wording.count(tree.actorCount - Int64(tree.actors.count))) more"]))
        }
        return Report(json: tree.json, blocks: blocks, names: tree.actors.map(\.connection))
    }

    static func store(_ store: StoreFigures) -> Report {
        var facts = Facts()
        facts.add("Path", store.path)
        facts.add("File", Wording.bytes(store.fileBytes))
        facts.add("In use", Wording.bytes(store.usedBytes))
        facts.add("Free in the file", Wording.bytes(store.freeBytes))
        facts.add("May grow to", Wording.bytes(store.mapBytes))
        facts.add("Free on disk", Wording.bytes(store.diskFreeBytes))
        facts.add("Last transaction", Wording.count(store.lastTransaction))
        facts.add("Commits", "\(Wording.count(store.commits)) of \(Wording.count(store.units, "change"))")
        facts.add("Longest write", Wording.millis(store.longestWriteMicros))
        facts.add("Readers", "\(store.readers), the oldest lags \(Wording.count(store.oldestReaderLag, "transaction"))")
        var blocks: [Block] = [.facts(facts)]
        if !store.connections.isEmpty {
            blocks += [.heading("Connections"), .table(connectionTable(store.connections))]
        }
        blocks += [.heading("Tables"), .table(tableTable(store.tables.filter { $0.entries > 0 }))]
        let empty = store.tables.count { $0.entries == 0 }
        if empty > 0 { blocks.append(.text(["\(Wording.count(Int64(empty), "table")) more, empty"])) }
        return Report(json: store.json, blocks: blocks, names: [store.path])
    }

    /// What each connection takes, largest first; of its records also what replaced ones take.
    private static func connectionTable(_ connections: [ConnectionFigures]) -> Table {
        var table = Table(columns: [
            .text("CONNECTION", shrinksTo: 12), .number("BYTES"), .number("RECORDS"), .number("DEAD"),
            .number("KEYS"), .number("STATISTICS"), .number("QUARANTINE"), .number("OTHER"), .bars("").dispensable,
        ])
        let most = connections.map(\.bytes).max() ?? 0
        for figures in connections {
            table.rows.append([
                .init(ResourceName.match(figures.connection, "connections/*")?.first ?? figures.connection),
                .init(Wording.bytes(figures.bytes)), .init(Wording.bytes(figures.recordBytes)),
                .init(Wording.bytes(figures.deadRecordBytes)), .init(Wording.bytes(figures.indexBytes)),
                .init(Wording.bytes(figures.statisticsBytes)), .init(Wording.bytes(figures.quarantineBytes)),
                .init(Wording.bytes(figures.otherBytes)),
                .init(Bar(most > 0 ? Double(figures.bytes) / Double(most) : 0)),
            ])
        }
        return table
    }

    /// What each table takes, largest first.
    private static func tableTable(_ tables: [TableFigures]) -> Table {
        var table = Table(columns: [.whole("TABLE"), .number("ENTRIES"), .number("BYTES"), .bars("")])
        let most = tables.map(\.bytes).max() ?? 0
        for figures in tables.sorted(by: { ($0.bytes, $1.table) > ($1.bytes, $0.table) }) {
            table.rows.append([
                .init(figures.table), .count(figures.entries), .init(Wording.bytes(figures.bytes)),
                .init(Bar(most > 0 ? Double(figures.bytes) / Double(most) : 0)),
            ])
        }
        return table
    }

    static func organisation(_ organisation: Organisation, _ clock: LocalClock, changed: Bool = false) -> Report {
        var facts = Facts()
        facts.add("Name", organisation.displayName)
        facts.add("Time zone", organisation.timeZone)
        let retention = organisation.retention ?? Retention()
        facts.add(
            "Runs kept",
            Retention.text(retention.runDays, "day", usual: 90)
                + (retention.runDays == 0 ? "\nof a connection at most the last 1,000" : ""))
        facts.add("Logs of runs kept", Retention.text(retention.logDays, "day", usual: 30))
        facts.add(
            "Quarantine kept",
            Retention.text(retention.quarantineDays, "day", usual: 90) + "\nof a connection at most "
                + Retention.text(retention.quarantineRows, "row", usual: 1_000_000))
        facts.add("Changed", organisation.updateTime.map { clock.long($0.instant) })
        return Report(
            json: .members([
                "displayName": .string(organisation.displayName), "timeZone": .string(organisation.timeZone),
                "updateTime": .time(organisation.updateTime), "retention": retention.json,
            ]), blocks: [.facts(facts)], names: [organisation.displayName], notes: changed ? ["Changed."] : [])
    }
}

extension Retention {
    /// "90 days, the default", "7 days", "for ever".
    fileprivate static func text(_ number: Int64, _ unit: String, usual: Int64) -> String {
        switch number {
        case 0: "\(Wording.count(usual, unit)), the default"
        case ..<0: unit == "row" ? "any number" : "for ever"
        default: Wording.count(number, unit)
        }
    }
}

extension Wording {
    /// "3.2 ms" of microseconds.
    fileprivate static func millis(_ micros: Int64) -> String { "\(micros / 1_000).\(micros / 100 % 10) ms" }
}
