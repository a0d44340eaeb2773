import CausewayCore
import Synchronization

/// When each read in progress began, to show the age of the oldest.
final class OpenReaders: Sendable {
    private struct Reader {
        var number: UInt64
        var began: Duration
    }
    private struct State {
        var readers: [Reader] = []
        var last: UInt64 = 0
    }

    private let clock: any CausewayClock
    private let state = Mutex(State())

    init(_ clock: any CausewayClock) {
        self.clock = clock
    }

    func begin() -> UInt64 {
        let now = clock.uptime
        return state.withLock { state in
            state.last += 1
            state.readers.append(Reader(number: state.last, began: now))
            return state.last
        }
    }

    func end(_ number: UInt64) {
        state.withLock { state in
            guard let index = state.readers.firstIndex(where: { $0.number == number }) else { return }
            state.readers.swapAt(index, state.readers.count - 1)
            state.readers.removeLast()
        }
    }

    /// How long the oldest read has lasted; zero when there is none.
    var oldestAge: Duration {
        let now = clock.uptime
        return state.withLock { state in state.readers.map { now - $0.began }.max() ?? .zero }
    }
}
