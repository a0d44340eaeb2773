import CausewayMessages

extension LogEntry {
    /// "19:08:07.123 warning  message key=value", in one line.
    func line(_ clock: LocalClock, colours: Bool) -> String {
        let stamp = time.map { clock.timeOfDay($0.instant) } ?? ""
        let name = DisplayWidth.padded(level.description.lowercased(), to: 7)
        let details = fields.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.quoted($0.value))" }
        let text = ([message] + details).joined(separator: " ")
        return Style.faint.applied(to: stamp, colours: colours) + " "
            + level.style.applied(to: name, colours: colours) + " " + Escaping.line(text)
    }

    private static func quoted(_ value: String) -> String {
        value.isEmpty || value.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" })
            ? JSONValue.string(value).written(.compact) : value
    }
}

extension LogEntry.Level {
    var style: Style {
        switch self {
        case .debug: .faint
        case .warning: .warning
        case .error: .bad
        default: .plain
        }
    }
}
