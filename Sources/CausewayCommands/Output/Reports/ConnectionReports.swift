import CausewayCore
import CausewayMessages

extension Report {
    /// Connections by name.
    static func connections(_ connections: [Connection], _ clock: LocalClock) -> Report {
        var table = Table(columns: [
            .whole("NAME"), .text("INTEGRATION"), .whole("STATE"), .text("SCHEDULE"), .whole("NEXT RUN"),
            .number("LAST RUN"), .text("DISPLAY NAME"),
        ])
        for connection in connections {
            table.rows.append([
                .init(connection.id), .init(connection.integrationID),
                .init(connection.stateWord, connection.state.style), .init(ScheduleText.text(connection.schedule)),
                .init(connection.nextRunTime.map { clock.text($0.instant) } ?? ""),
                .init(ResourceName.match(connection.lastRun, "connections/*/runs/*")?.last ?? ""),
                .init(connection.shownName == connection.id ? "" : connection.shownName),
            ])
        }
        return Report(
            json: ["connections": .array(connections.map { ConnectionDocument.json(of: $0, status: true) })],
            blocks: [.table(table)], names: connections.map(\.id),
            notes: connections.isEmpty
                ? ["No connections yet. `causeway catalogue list` shows what can be connected to."] : [])
    }

    /// One connection with all that is set for it.
    static func connection(_ connection: Connection, _ clock: LocalClock) -> Report {
        var facts = Facts()
        facts.add("Connection", connection.id)
        facts.add("Display name", connection.shownName == connection.id ? nil : connection.shownName)
        facts.add("Integration", "\(connection.integrationID), \(connection.direction.description.lowercased())")
        facts.add("State", connection.stateWord, connection.state.style)
        facts.add("", connection.stateReason)
        facts.add("Sign-in", connection.signInMethod)
        facts.add(
            "Credentials", connection.credentialNames.isEmpty ? nil : connection.credentialNames.joined(separator: ", ")
        )
        facts.add("Connected", connection.connectTime.map { clock.long($0.instant) })
        facts.add("Schedule", ScheduleText.text(connection.schedule))
        facts.add("Next run", connection.nextRunTime.map { clock.long($0.instant) })
        facts.add("Last run", connection.lastRun)
        facts.add("Current run", connection.currentRun)
        var blocks: [Block] = [.facts(facts)]
        if !connection.settings.isEmpty { blocks += [.heading("Settings"), .facts(settings(connection.settings))] }
        for entity in connection.entities {
            blocks += [.heading("Entity \(entity.entity)"), .facts(settings(entity.settings))]
        }
        return Report(
            json: ConnectionDocument.json(of: connection, status: true), blocks: blocks, names: [connection.id])
    }

    /// What a change did to a connection: a sentence for people, the connection for programs.
    static func done(_ sentence: String, _ connection: Connection) -> Report {
        Report(
            json: ConnectionDocument.json(of: connection, status: true), names: [connection.id], notes: [sentence])
    }

    /// What a test of a connection found.
    static func test(_ response: TestConnectionResponse) -> Report {
        var table = Table(columns: [.whole(""), .whole(""), .prose("")])
        for step in response.steps {
            table.rows.append([
                .init(step.passed ? "ok" : "failed", step.passed ? .good : .bad), .init(step.title), .init(step.detail),
            ])
        }
        let steps = response.steps.map { step -> JSONValue in
            .members(["title": .string(step.title), "passed": .boolean(step.passed), "detail": .text(step.detail)])
        }
        return Report(
            json: ["passed": .boolean(response.passed), "steps": .array(steps)], blocks: [.table(table)],
            notes: [response.passed ? "The connection works." : "The connection does not work."])
    }

    /// The firings of a schedule and why.
    static func schedule(_ response: ExplainScheduleResponse, _ clock: LocalClock) -> Report {
        var firings = Table(columns: [.whole("NEXT"), .whole("LOCAL TIME"), .prose("WHY")])
        for firing in response.firings {
            firings.rows.append([
                .init(firing.time.map { Wording.relative($0.instant, to: clock.now) } ?? ""), .init(firing.localTime),
                .init(firing.reason),
            ])
        }
        var skipped = Table(columns: [.whole("SKIPPED"), .prose("WHY")])
        for slot in response.skippedSlots {
            skipped.rows.append([.init(slot.time.map { clock.text($0.instant) } ?? ""), .init(slot.reason)])
        }
        let json: JSONValue = .members([
            "summary": .string(response.summary),
            "firings": .array(
                response.firings.map { firing in
                    .members([
                        "time": .time(firing.time), "localTime": .text(firing.localTime),
                        "reason": .text(firing.reason),
                    ])
                }),
            "skippedSlots": .array(
                response.skippedSlots.map { .members(["time": .time($0.time), "reason": .text($0.reason)]) }),
        ])
        return Report(
            json: json, blocks: [.text([response.summary]), .table(firings), .table(skipped)],
            names: response.firings.compactMap { $0.time?.instant.rfc3339 })
    }

    private static func settings(_ settings: [String: SettingValue]) -> Facts {
        var facts = Facts()
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) { facts.add("  " + name, value.text) }
        return facts
    }
}

extension Connection {
    /// The state for people; a run in progress is more than "active".
    fileprivate var stateWord: String {
        state == .active && !currentRun.isEmpty ? "running" : state.description.lowercased().replacingUnderscores()
    }
}

extension Connection.State {
    fileprivate var style: Style {
        switch self {
        case .active: .good
        case .paused: .warning
        case .needsReconnect, .parked: .bad
        default: .plain
        }
    }
}
