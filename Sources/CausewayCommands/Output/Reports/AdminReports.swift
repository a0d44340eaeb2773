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
        var table = Table(columns: [.whole("TABLE"), .number("ENTRIES"), .number("BYTES")])
        for figures in store.tables {
            table.rows.append([.init(figures.table), .count(figures.entries), .init(Wording.bytes(figures.bytes))])
        }
        return Report(json: store.json, blocks: [.facts(facts), .table(table)], names: [store.path])
    }

    static func organisation(_ organisation: Organisation, _ clock: LocalClock, changed: Bool = false) -> Report {
        var facts = Facts()
        facts.add("Name", organisation.displayName)
        facts.add("Time zone", organisation.timeZone)
        facts.add("Changed", organisation.updateTime.map { clock.long($0.instant) })
        return Report(
            json: .members([
                "displayName": .string(organisation.displayName), "timeZone": .string(organisation.timeZone),
                "updateTime": .time(organisation.updateTime),
            ]), blocks: [.facts(facts)], names: [organisation.displayName], notes: changed ? ["Changed."] : [])
    }
}

extension Wording {
    /// "3.2 ms" of microseconds.
    fileprivate static func millis(_ micros: Int64) -> String { "\(micros / 1_000).\(micros / 100 % 10) ms" }
}
