import CausewayCore
import CausewayMessages
import Synchronization

/// A stage of a run, in the order of the data's way. Raw values are stored, and shown to people.
enum RunStage: String, Hashable, Sendable, CaseIterable {
    case read
    case decompress
    case decode
    case scan
    case hash
    case sort
    case lookUp = "look up"
    case encode
    case commit
    case merge
    case settle
}

/// How long each stage of a run was at work, and on what. Shared by the tasks of a run.
///
/// By the injected clock: in simulated time all work takes none.
final class StageMeter: Sendable {
    private struct Figures {
        var busy = Duration.zero
        var bytes: Int64 = 0
        var rows: Int64 = 0
    }
    private let figures = Mutex<[RunStage: Figures]>([:])
    private let clock: any CausewayClock

    init(_ clock: any CausewayClock) { self.clock = clock }

    var now: Duration { clock.uptime }

    func add(_ stage: RunStage, _ busy: Duration, bytes: Int = 0, rows: Int = 0) {
        figures.withLock { figures in
            figures[stage, default: Figures()].busy += busy
            figures[stage, default: Figures()].bytes += Int64(bytes)
            figures[stage, default: Figures()].rows += Int64(rows)
        }
    }

    /// Adds the time that `work` takes.
    func measure<R: ~Copyable, E>(_ stage: RunStage, _ work: () throws(E) -> R) throws(E) -> R {
        let start = clock.uptime
        defer { add(stage, clock.uptime - start) }
        return try work()
    }

    /// The stages that did anything, in order.
    var stored: [StoredStage] {
        let figures = figures.withLock { $0 }
        return RunStage.allCases.compactMap { stage in
            guard let figure = figures[stage] else { return nil }
            var stored = StoredStage()
            stored.stage = stage.rawValue
            stored.busyMicros = figure.busy.wholeMicroseconds
            stored.bytes = figure.bytes
            stored.rows = figure.rows
            return stored
        }
    }
}

extension Duration {
    /// Whole microseconds, rounded down.
    var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
