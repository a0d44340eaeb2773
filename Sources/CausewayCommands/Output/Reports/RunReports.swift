import CausewayCore
import CausewayMessages

extension Report {
    /// Runs of a connection, latest first.
    static func runs(_ runs: [Run], of connection: String, _ clock: LocalClock) -> Report {
        var table = Table(columns: [
            .number("RUN"), .whole("STATE"), .text("KIND").dispensable, .text("TRIGGER").dispensable,
            .whole("STARTED"), .number("TOOK"), .number("READ").dispensable, .number("NEW"), .number("UPDATED"),
            .number("UNCHANGED").dispensable, .number("QUARANTINED"),
        ])
        for run in runs {
            let counters = run.counters ?? RunCounters()
            table.rows.append([
                .init(run.number), .init(run.state.word, run.state.style), .init(run.kind.word),
                .init(run.trigger.word), .init((run.startTime ?? run.createTime).map { clock.text($0.instant) } ?? ""),
                .init(run.length.map(Wording.duration) ?? ""), .count(counters.rowsRead), .count(counters.rowsNew),
                .count(counters.rowsUpdated), .count(counters.rowsUnchanged),
                .count(counters.rowsQuarantined, counters.rowsQuarantined > 0 ? .warning : .plain),
            ])
        }
        return Report(
            json: ["runs": .array(runs.map(\.json))], blocks: [.table(table)], names: runs.map(\.number),
            notes: runs.isEmpty ? ["No runs yet. Start one: causeway fetch \(connection)"] : [])
    }

    /// One run with all that is known about it.
    static func run(_ run: Run, _ clock: LocalClock) -> Report {
        let counters = run.counters ?? RunCounters()
        var facts = Facts()
        facts.add("Run", run.name)
        facts.add("State", run.state.word, run.state.style)
        facts.add("Kind", run.kind.word)
        facts.add("About", run.subject)
        facts.add("Trigger", run.trigger.word)
        facts.add("Activity", run.activity)
        facts.add("Slot", run.slotTime.map { clock.text($0.instant) })
        facts.add("Asked for", run.createTime.map { clock.long($0.instant) })
        facts.add("Started", run.startTime.map { clock.long($0.instant) })
        facts.add("Ended", run.endTime.map { clock.long($0.instant) })
        facts.add("Took", run.length.map(Wording.duration))
        facts.add("Files", counters.filesText)
        facts.add("Bytes", counters.bytesText)
        facts.add("Superseded", counters.rowsSuperseded > 0 ? counters.supersededText : nil)
        facts.add("Slowest stage", run.slowestStage)
        facts.add("Reconnects", counters.reconnects > 0 ? Wording.count(counters.reconnects) : nil)
        if let error = run.error {
            facts.add("Error", "\(error.message)", .bad)
            facts.add("Reason", error.reason)
            facts.add(
                "Again", error.retryable ? "the next scheduled run may succeed" : "not before something is changed")
        }
        return Report(
            json: run.json, blocks: [.facts(facts)] + run.countersBlocks + run.stagesBlocks, names: [run.number],
            notes: run.advice)
    }

    /// What is said at the end of a fetch that was waited for.
    static func outcome(_ run: Run) -> Report {
        let counters = run.counters ?? RunCounters()
        var line = "Run \(run.number) \(run.state.word)"
        if let length = run.length {
            line += " in \(Wording.duration(length))"
            let seconds = Double(length.microseconds) / 1e6
            if seconds >= 0.5, counters.rowsRead > 0 {
                line += ", \(Wording.count(Int64(min(Double(counters.rowsRead) / seconds, 1e15)))) rows/s"
            }
        }
        if let files = counters.filesText { line += "; \(files)" }
        if !run.slowestStage.isEmpty { line += "; slowest stage: \(run.slowestStage)" }
        var blocks: [Block] = [.text([line + "."])]
        if let error = run.error { blocks.append(.text(["\(error.reason): \(error.message)"])) }
        blocks += run.countersBlocks
        return Report(json: run.json, blocks: blocks, names: [run.number], notes: run.advice)
    }
}

extension RunCounters {
    /// "3 read, 1 held of 5 listed", nil when nothing was listed.
    var filesText: String? {
        guard filesListed > 0 else { return nil }
        let parts = [
            (filesRead, "read"), (filesSkipped, "known"), (filesHeld, "held"), (filesFailed, "failed"),
        ].filter { $0.0 > 0 }.map { "\(Wording.count($0.0)) \($0.1)" }
        return (parts.isEmpty ? "none read" : parts.joined(separator: ", "))
            + " of \(Wording.count(filesListed, "file")) listed"
    }

    /// Rows that a later row of the same run replaced, or that were tried again when a later one had been taken.
    var supersededText: String {
        "\(Wording.count(rowsSuperseded, "row")) had the key of a row that came later; the last one stays"
    }

    /// "12.3 MB of 27.0 MB", nil when there was nothing to read.
    var bytesText: String? {
        guard bytesTotal > 0 || bytesRead > 0 else { return nil }
        return "\(Wording.bytes(bytesRead)) of \(Wording.bytes(max(bytesTotal, bytesRead)))"
    }
}

extension Run {
    /// Rows by what became of them: a line for each entity, and one for all where there are several.
    private var countersTable: Table {
        var table = Table(columns: [
            .text("ENTITY"), .number("READ"), .number("NEW"), .number("UPDATED"), .number("UNCHANGED"),
            .number("QUARANTINED"),
        ])
        func add(_ name: String, _ counters: RunCounters, _ style: Style = .plain) {
            table.rows.append([
                .init(name, style), .count(counters.rowsRead, style), .count(counters.rowsNew, style),
                .count(counters.rowsUpdated, style), .count(counters.rowsUnchanged, style),
                .count(counters.rowsQuarantined, counters.rowsQuarantined > 0 ? .warning : style),
            ])
        }
        for part in entities {
            add(
                ResourceName.match(part.entity, "connections/*/entities/*")?.last ?? part.entity,
                part.counters ?? .init())
        }
        if entities.count != 1 { add("all", counters ?? RunCounters(), .strong) }
        return table
    }

    /// The table of counters; none for a run that imports nothing, or failed before there was anything to count.
    fileprivate var countersBlocks: [Report.Block] {
        let hasRead = (counters?.rowsRead ?? 0) > 0
        return hasRead || kind != .metadata && !entities.isEmpty ? [.table(countersTable)] : []
    }

    /// Where the time went: stages overlap, so their times are more than the run's together.
    fileprivate var stagesBlocks: [Report.Block] {
        guard !stages.isEmpty else { return [] }
        var table = Table(columns: [
            .whole("STAGE"), .number("BUSY"), .number("BYTES"), .number("BYTES/S"), .number("ROWS"), .number("ROWS/S"),
            .bars(""),
        ])
        let times = stages.map { Double(max(0, ($0.busyTime?.length ?? .zero).microseconds)) }
        let longest = times.max() ?? 0
        for (stage, time) in zip(stages, times) {
            let style: Style = stage.stage == slowestStage ? .warning : .plain
            table.rows.append([
                .init(stage.stage, style), .init(Wording.duration(.microseconds(Int64(time))), style),
                .init(stage.bytes > 0 ? Wording.bytes(stage.bytes) : ""),
                .init(stage.bytesPerSecond > 0 ? Wording.bytes(Wording.whole(stage.bytesPerSecond)) + "/s" : ""),
                .init(stage.rows > 0 ? Wording.count(stage.rows) : ""),
                .init(stage.rowsPerSecond > 0 ? Wording.count(Wording.whole(stage.rowsPerSecond)) : ""),
                .init(Bar(longest > 0 ? time / longest : 0), style == .warning ? .warning : .good),
            ])
        }
        return [.heading("Stages"), .table(table)]
    }

    /// What to do about the run's end.
    fileprivate var advice: [String] {
        let counters = counters ?? RunCounters()
        var advice: [String] = []
        if counters.rowsQuarantined > 0 {
            advice.append(
                "\(Wording.count(counters.rowsQuarantined, "row")) in quarantine: "
                    + "causeway quarantine list \(connectionID) --run \(number)")
        }
        if counters.filesHeld > 0 {
            advice.append(
                "\(Wording.count(counters.filesHeld, "file")) may still be written; the next run looks again.")
        }
        if let reason = error?.reason, reason.hasPrefix("HOST_KEY_") {
            advice.append(
                "If its operator confirms the key: causeway reconnect \(connectionID) --accept-host-key FINGERPRINT")
        } else if error?.code == StatusCode.unauthenticated.rawValue {
            advice.append("With other credentials: causeway reconnect \(connectionID)")
        }
        if counters.filesFailed > 0 || state == .failed {
            advice.append("What happened: causeway run log \(connectionID) \(number)")
        }
        if state == .interrupted { advice.append("Another run goes on from its checkpoint.") }
        return advice
    }
}

extension Wording {
    /// The nearest whole number, within what a count may be.
    fileprivate static func whole(_ number: Double) -> Int64 { number.isFinite ? Int64(min(max(number, 0), 1e15)) : 0 }
}
