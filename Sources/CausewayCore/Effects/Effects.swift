/// The time, as everything but the composition roots sees it. Tests and simulations have their own.
package protocol CausewayClock: Sendable {
    /// Civil time; may jump.
    var now: Timestamp { get }
    /// Time since some fixed instant; never jumps. Deadlines and timeouts use it.
    var uptime: Duration { get }
    /// Returns after `duration` of uptime.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// Random numbers, as everything but the composition roots sees them.
package protocol RandomSource: Sendable {
    func next() -> UInt64
}

/// A ``RandomSource`` where the standard library wants a generator.
package struct RandomGenerator: RandomNumberGenerator {
    private let source: any RandomSource
    package init(_ source: any RandomSource) { self.source = source }
    package mutating func next() -> UInt64 { source.next() }
}

/// Where a task runs.
package enum SpawnPlace: Hashable, Sendable {
    /// The cooperative pool: never blocks.
    case cooperative
    /// The threads of runs: parses, encodes, and reads the store.
    case work
}

/// The only way that the engine makes unstructured tasks, so that a simulation can run all of them on one thread.
///
/// Whoever spawns keeps the task and awaits or cancels it: a spawned task has an owner like any other.
package struct Spawner: Sendable {
    private let make: @Sendable (SpawnPlace, @escaping @Sendable () async -> Void) -> Task<Void, Never>

    package init(_ make: @escaping @Sendable (SpawnPlace, @escaping @Sendable () async -> Void) -> Task<Void, Never>) {
        self.make = make
    }

    package func callAsFunction(
        on place: SpawnPlace = .cooperative, _ operation: @escaping @Sendable () async -> Void
    ) -> Task<Void, Never> {
        make(place, operation)
    }
}
