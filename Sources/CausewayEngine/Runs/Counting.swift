import CausewayCore
import CausewayStore

/// Counts the rows that were committed, beside all that goes on with those that follow.
final class Counting: Sendable {
    private let settlement: RunningSettlement?
    private let meter: StageMeter
    private let context: EngineContext
    private let commits: AsyncStream<UInt64>
    private let continuation: AsyncStream<UInt64>.Continuation

    init(_ settlement: RunningSettlement?, _ meter: StageMeter, _ context: EngineContext) {
        self.settlement = settlement
        self.meter = meter
        self.context = context
        // Commits that come while others are counted are counted together.
        (commits, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Rows were committed.
    ///
    /// - Parameter edits: the gate's, as of these rows.
    func committed(edits: UInt64) { continuation.yield(edits) }

    /// Counts until it is cancelled, a slice at a time; what is left then is counted at the run's end.
    ///
    /// Never throws: what cannot be read now cannot be read at the run's end either, and is said then.
    func run() async {
        guard let settlement else { return }
        for await edits in commits {
            guard !Task.isCancelled else { return }
            let start = meter.now
            let rows = try? settlement.advance(edits: edits, now: context.clock.now, reading: context.store)
            guard let rows, rows > 0 else { continue }
            meter.add(.settle, meter.now - start, rows: Int(clamping: rows))
        }
    }
}
