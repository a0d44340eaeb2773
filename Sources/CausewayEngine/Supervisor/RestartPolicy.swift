package import CausewayCore

/// When a failed actor is started again, and when it is given up: so many failures in a window park it.
package struct RestartPolicy: Hashable, Sendable {
    package var backoff: Backoff
    /// Failures older than this no longer count.
    package var window: Duration
    /// Failures within the window after which the actor is parked.
    package var intensity: Int

    package init(
        backoff: Backoff = Backoff(base: .seconds(1), ceiling: .seconds(300), limit: .max),
        window: Duration = .seconds(3_600), intensity: Int = 8
    ) {
        self.backoff = backoff
        self.window = window
        self.intensity = intensity
    }
}

/// How often one child has failed, and why.
package struct RestartHistory: Hashable, Sendable {
    private var failures: [Timestamp] = []
    /// Since the root was made.
    package private(set) var restarts = 0
    package private(set) var lastFailure: String?

    package init() {}

    package enum Decision: Hashable, Sendable {
        case restart(after: Duration)
        case park
    }

    /// Takes one more failure into account.
    package mutating func failed(
        at now: Timestamp, why: String, policy: RestartPolicy, random: inout some RandomNumberGenerator
    ) -> Decision {
        lastFailure = why
        failures.removeAll { now - $0 > policy.window }
        failures.append(now)
        guard failures.count < policy.intensity,
            let delay = policy.backoff.delay(beforeRetry: failures.count, advice: .backoff, random: &random)
        else { return .park }
        restarts += 1
        return .restart(after: delay)
    }

    /// Somebody has looked after it: the slate is clean.
    package mutating func forgive() { failures.removeAll() }
}
