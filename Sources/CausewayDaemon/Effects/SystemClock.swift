package import CausewayCore
import Glibc

/// The machine's clocks.
package struct SystemClock: CausewayClock {
    package init() {}

    package var now: Timestamp { Timestamp(micros: Self.read(CLOCK_REALTIME).microseconds) }

    /// Time since the machine was booted, suspension included: what ``sleep(for:)`` counts in.
    package var uptime: Duration { Self.read(CLOCK_BOOTTIME) }

    package func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration, clock: .continuous)
    }

    private static func read(_ clock: Int32) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

/// The kernel's random numbers: nobody can predict them.
package struct SystemRandom: RandomSource {
    package init() {}

    package func next() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
