package import CausewayCore
import Glibc
package import Logging
import Synchronization

/// Where log lines go, whole and one after the other.
package protocol LogSink: Sendable {
    func write(_ line: String)
}

/// Standard error.
package final class StandardError: LogSink {
    /// Keeps lines of several threads apart where one write is not enough.
    private let turn = Mutex(())

    package init() {}

    package func write(_ line: String) {
        var line = line
        turn.withLock { _ in
            line.withUTF8 { bytes in
                var written = 0
                while written < bytes.count {
                    let count = Glibc.write(
                        STDERR_FILENO, bytes.baseAddress?.advanced(by: written), bytes.count - written)
                    if count < 0, errno == EINTR { continue }
                    // A log that nobody takes must not stop the daemon.
                    guard count > 0 else { return }
                    written += count
                }
            }
        }
    }

    /// Whether systemd's journal reads standard error: `$JOURNAL_STREAM` names its device and inode, systemd.exec(5).
    package static func isJournal(_ environment: [String: String]) -> Bool {
        let parts = (environment["JOURNAL_STREAM"] ?? "").split(separator: ":")
        var status = stat()
        guard parts.count == 2, let device = UInt64(parts[0]), let inode = UInt64(parts[1]),
            fstat(STDERR_FILENO, &status) == 0
        else { return false }
        return UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
    }
}

/// Writes log entries as lines: "2026-11-23T19:32:25Z info     run ended connection=crm run=12".
package struct DaemonLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let line: LogLine
    private let sink: any LogSink
    private let clock: any CausewayClock

    package init(
        label: String, level: Logger.Level, format: LogFormat, isForJournal: Bool, sink: any LogSink,
        clock: any CausewayClock
    ) {
        self.label = label
        logLevel = level
        line = LogLine(format: format, isForJournal: isForJournal)
        self.sink = sink
        self.clock = clock
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let own = event.metadata { fields.merge(own) { $1 } }
        sink.write(line.text(event, metadata: fields, label: label, at: clock.now))
    }
}
