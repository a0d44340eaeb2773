import CausewayCore
import Logging

/// Writes one entry of the log as one line.
struct LogLine {
    let format: LogFormat
    /// journald keeps the time itself and reads the level from a prefix, sd-daemon(3).
    let isForJournal: Bool

    /// The longest line in bytes; of an entry with too many or too long values the last ones are left out.
    static let greatest = 65_536

    func text(_ event: LogEvent, metadata: Logger.Metadata, label: String, at time: Timestamp) -> String {
        var line = isForJournal ? "<\(event.level.severity)>" : ""
        switch format {
        case .text: plain(event, metadata, time, to: &line)
        case .json: json(event, metadata, label, time, to: &line)
        }
        line += "\n"
        return line
    }

    private func plain(_ event: LogEvent, _ metadata: Logger.Metadata, _ time: Timestamp, to line: inout String) {
        if !isForJournal { line += "\(time) \(event.level.padded) " }
        LogText.message(event.message.description, to: &line)
        for (key, value) in fields(event, metadata) {
            guard line.utf8.count < Self.greatest - 4 * LogText.greatestValue else {
                line += " …"
                break
            }
            line += " "
            LogText.value(key, to: &line)
            line += "="
            LogText.value(value, to: &line)
        }
    }

    private func json(
        _ event: LogEvent, _ metadata: Logger.Metadata, _ label: String, _ time: Timestamp, to line: inout String
    ) {
        line += "{\"time\":\"\(time)\",\"level\":\"\(event.level)\",\"logger\":"
        LogText.json(label, to: &line)
        line += ",\"message\":"
        LogText.json(event.message.description, to: &line)
        var mark = ",\"fields\":{"
        for (key, value) in fields(event, metadata) {
            guard line.utf8.count < Self.greatest - 6 * LogText.greatestValue else { break }
            line += mark
            mark = ","
            LogText.json(key, to: &line)
            line += ":"
            LogText.json(value, to: &line)
        }
        line += mark == "," ? "}}" : "}"
    }

    /// By name, so that the same entry is always the same line.
    private func fields(_ event: LogEvent, _ metadata: Logger.Metadata) -> [(String, String)] {
        var fields = metadata.map { ($0.key, Self.text($0.value, depth: 0)) }
        if let error = event.error { fields.append(("error", String(describing: error))) }
        return fields.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    }

    private static func text(_ value: Logger.Metadata.Value, depth: Int) -> String {
        guard depth < 8 else { return "…" }
        switch value {
        case .string(let text): return text
        case .stringConvertible(let value): return value.description
        case .array(let values): return "[" + values.map { text($0, depth: depth + 1) }.joined(separator: ", ") + "]"
        case .dictionary(let values):
            let pairs = values.sorted { $0.key < $1.key }.map { "\($0.key): \(text($0.value, depth: depth + 1))" }
            return "[" + pairs.joined(separator: ", ") + "]"
        }
    }
}

extension Logger.Level {
    /// syslog(3)'s number.
    fileprivate var severity: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    fileprivate var padded: String { rawValue + String(repeating: " ", count: max(0, 8 - rawValue.count)) }
}
