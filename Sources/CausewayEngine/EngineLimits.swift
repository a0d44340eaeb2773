package import CausewayCore
package import CausewayStore

/// The engine's bounds and waits.
package struct EngineLimits: Hashable, Sendable {
    /// Runs in progress at once.
    package var runPermits = 2
    /// Waits between attempts to take up a cut link; attempts that make progress start over.
    package var reconnect = Backoff(base: .seconds(1), ceiling: .seconds(60), limit: 8)
    /// A run without progress for this long fails. A connection's own setting goes before.
    package var stallTimeout = Duration.seconds(600)
    /// Runs that the start of the daemon causes begin within this time, at random.
    package var startJitter = Duration.seconds(5)
    /// Bytes asked of a source at once.
    package var readChunk = 1 << 20
    /// Bytes that may wait between the link and the parser.
    package var readAhead = 8 << 20
    /// Rows that are committed at once, at most; nil: as the reader has it.
    package var batchRows: Int?
    /// Bytes read of a file for metadata.
    package var sampleBytes = 4 << 20
    /// Files that one entity's listing may match.
    package var listedFiles = 1_000_000
    /// Entries of one run's log; what comes after is counted.
    package var logEntries = 5_000
    /// Runs that are kept for a connection, with their logs, where the organisation has not said for how long.
    package var keptRuns: UInt64 = 1_000
    package var restart = RestartPolicy()
    /// Of the figures of entities and fields.
    package var statistics = StatisticsLimits()

    /// When records are compacted, and how much at once.
    package var compaction = CompactionLimits()
    /// The least time between two units of compaction; three times as long as a unit took if that is more.
    package var compactionRest = Duration.milliseconds(10)

    package init() {}
}
