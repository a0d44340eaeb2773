import CausewayCore
import CausewayMessages

extension Run {
    /// The number in its name; the name where it has another form.
    var number: String { ResourceName.match(name, "connections/*/runs/*")?.last ?? name }
    /// The id of its connection.
    var connectionID: String { ResourceName.match(name, "connections/*/runs/*")?.first ?? "" }

    /// From its permit to its end, nil before its end.
    var length: Duration? {
        guard let start = startTime ?? createTime, let end = endTime else { return nil }
        let (micros, overflow) = end.instant.micros.subtractingReportingOverflow(start.instant.micros)
        return overflow ? nil : .microseconds(micros)
    }
}

extension Run.State {
    /// For people.
    var word: String { description.lowercased() }

    var hasEnded: Bool { ![.unspecified, .queued, .running].contains(self) }

    var style: Style {
        switch self {
        case .succeeded: .good
        case .partial, .cancelled, .interrupted: .warning
        case .failed: .bad
        default: .plain
        }
    }

    /// The exit status of a command that waited for the run's end.
    var exitStatus: ExitStatus {
        switch self {
        case .succeeded: .success
        case .partial: .partial
        case .failed: .failed
        case .cancelled, .interrupted: .cancelled
        default: .protocolMismatch
        }
    }
}

extension Run.Trigger {
    /// For people.
    var word: String { description.lowercased().replacingUnderscores() }
}

extension Run.Kind {
    /// For people.
    var word: String { description.lowercased().replacingUnderscores() }
}

extension String {
    /// "CATCH_UP" lowered is "catch up".
    func replacingUnderscores() -> String { String(map { $0 == "_" ? " " : $0 }) }
}
