import CausewayCore
package import CausewayMessages

/// How long things are kept; nil: for ever.
package struct Retention: Hashable, Sendable {
    package var runs: Duration?
    package var logs: Duration?
    package var quarantine: Duration?
    /// Rows in quarantine of a connection.
    package var quarantinedRows: Int64?

    /// What is kept when nobody says otherwise: 90, 30 and 90 days, and 1,000,000 rows.
    package static let defaultDays = (runs: Int64(90), logs: Int64(30), quarantine: Int64(90))
    package static let defaultQuarantinedRows: Int64 = 1_000_000

    package init(_ stored: StoredRetention?) {
        let stored = stored ?? StoredRetention()
        runs = Self.age(stored.runDays, Self.defaultDays.runs)
        logs = Self.age(stored.logDays, Self.defaultDays.logs)
        quarantine = Self.age(stored.quarantineDays, Self.defaultDays.quarantine)
        quarantinedRows = Self.limit(stored.quarantineRows, Self.defaultQuarantinedRows)
    }

    private static func age(_ days: Int64, _ usual: Int64) -> Duration? {
        limit(days, usual).map { .seconds(min($0, StoredRetention.mostDays) * 86_400) }
    }

    private static func limit(_ value: Int64, _ usual: Int64) -> Int64? {
        value == 0 ? usual : value < 0 ? nil : value
    }
}

extension StoredRetention {
    static let mostDays: Int64 = 36_500

    func check() throws(CausewayError) {
        for (name, days) in [("run_days", runDays), ("log_days", logDays), ("quarantine_days", quarantineDays)]
        where days < -1 || days > Self.mostDays {
            throw .invalid(
                "organisation.retention.\(name)",
                "\(days) is not -1 (for ever), 0 (the default) or a number of days up to \(Self.mostDays).")
        }
        guard quarantineRows >= -1 else {
            throw .invalid(
                "organisation.retention.quarantine_rows",
                "\(quarantineRows) is not -1 (no limit), 0 (the default) or a number of rows.")
        }
    }
}
