import CausewayCore
import CausewayStore

/// Counts some of the rows that were committed, beside the commit of others.
struct Counting: Sendable {
    var settlement: RunningSettlement?
    /// The gate's, as of the rows that are committed.
    var edits: UInt64
    var meter: StageMeter
    var context: EngineContext

    /// Never throws: what cannot be read now cannot be read at the run's end either, and is said then.
    func run() async {
        guard let settlement else { return }
        let start = meter.now
        let rows = try? settlement.advance(edits: edits, now: context.clock.now, reading: context.store)
        guard let rows, rows > 0 else { return }
        meter.add(.settle, meter.now - start, rows: Int(clamping: rows))
    }
}
