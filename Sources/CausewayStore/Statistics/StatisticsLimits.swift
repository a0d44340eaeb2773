/// The sizes that bound the work and memory of settling statistics. Figures of one store are made with one set of them.
package struct StatisticsLimits: Hashable, Sendable {
    /// Distinct values, or contents of records, up to which they are counted exactly.
    package var exactDistinct = 100_000
    /// Distinct values that a sample keeps at most.
    package var sample = 16_384
    /// Frequent values that are kept beyond exact counting.
    package var frequent = 4_096
    /// Values that are shown.
    package var shown = 50
    /// Rows, added or taken away, from which a table is saved; fewer are read again the next time.
    package var pendingRows = 10_000
    /// As ``pendingRows``, as a part of an entity's records: one in so many.
    package var pendingShare = 16
    /// Bytes of all tables that are in work at one time, unless a single one takes more.
    package var tableBytes = 24 << 20
    /// Bytes that one unit writes, about.
    package var unitBytes = 4 << 20
    /// Bytes of one stored part of a table.
    package var partBytes = 1 << 20
    /// Places of replaced records that are in memory at one time, unless one commit replaced more.
    package var placesInWork = 1 << 20
    /// Segments that one step reads.
    package var segmentsPerStep = 64
    /// Cells that are counted ahead at one time, while a run goes on: some tens of milliseconds.
    package var cellsAhead = 1 << 20
    /// Segments that must have come before anything is counted ahead.
    package var segmentsBefore: UInt64 = 8

    package init() {}

    /// Bytes of a value that are kept; longer ones are told apart by their hash and ordered by these.
    static let keptBytes = 256
    /// Of the formula of quality.
    package static let formulaVersion: Int32 = 1
}
