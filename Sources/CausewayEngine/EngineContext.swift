package import CausewayCore
import CausewayStore
import Logging

/// What the actors of one engine share: the environment, and the parts that outlive any single connection.
package final class EngineContext: Sendable {
    package let environment: EngineEnvironment
    package let permits: RunPermits
    package let timers: TimerQueue
    /// Held by the one connection that is compacted.
    let compactions = RunPermits(limit: 1)
    let exports = Exports()
    /// For what people look at.
    let recent = RecentMessages()
    /// Tells the root actor that a child cannot go on as it is.
    let childFailed: @Sendable (ShardID, CausewayError) -> Void

    package init(
        _ environment: EngineEnvironment, childFailed: @escaping @Sendable (ShardID, CausewayError) -> Void
    ) {
        self.environment = environment
        self.childFailed = childFailed
        permits = RunPermits(limit: environment.limits.runPermits)
        timers = TimerQueue(clock: environment.clock, spawner: environment.spawner)
    }

    var store: any Store { environment.store }
    var clock: any CausewayClock { environment.clock }
    var limits: EngineLimits { environment.limits }
    var logger: Logger { environment.logger }

    func unit(of shard: ShardID) -> CommitUnit { CommitUnit(environment.ownership(of: shard)) }

    func randomDuration(upTo longest: Duration) -> Duration {
        guard longest > .zero else { return .zero }
        var generator = RandomGenerator(environment.random)
        return .milliseconds(Int64.random(in: 0...max(1, longest.milliseconds), using: &generator))
    }
}
