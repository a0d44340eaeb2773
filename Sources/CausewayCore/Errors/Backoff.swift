/// Exponential backoff with full jitter: attempt n waits a random time between zero and the lesser of
/// `base * 2^n` and `ceiling`.
package struct Backoff: Hashable, Sendable {
    package var base: Duration
    package var ceiling: Duration
    /// Attempts after which to give up.
    package var limit: Int

    package init(base: Duration = .seconds(1), ceiling: Duration = .seconds(60), limit: Int = 8) {
        self.base = base
        self.ceiling = ceiling
        self.limit = limit
    }

    /// The wait before attempt `attempt` (the first retry is 1), or nil when there are to be no more.
    ///
    /// - Parameter advice: what the failed attempt's error said; a wait that the other side asked for is a lower bound.
    package func delay(
        beforeRetry attempt: Int, advice: RetryAdvice, random: inout some RandomNumberGenerator
    ) -> Duration? {
        guard attempt <= limit, advice.isRetryable else { return nil }
        let doublings = min(attempt - 1, 30)
        let span = min(base * (1 << doublings), ceiling)
        let jittered = Duration.milliseconds(Int64.random(in: 0...max(1, span.milliseconds), using: &random))
        guard case .after(let wait) = advice else { return jittered }
        return max(wait, jittered)
    }
}
