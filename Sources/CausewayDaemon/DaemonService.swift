package import CausewayCore
package import Logging

/// What the daemon consists of, put together: store, vault, engine, server. The shell of the process starts it, watches
/// it and ends it.
package protocol DaemonService: Sendable {
    /// Opens and starts everything. On return clients are served.
    ///
    /// - Throws: ``CausewayError`` when the daemon cannot serve; what was begun is undone.
    static func start(_ context: DaemonContext) async throws -> Self

    /// Returns true once the root actor has answered. May hang when it does.
    func isAlive() async -> Bool

    /// Ends in order: no new calls, runs end at their checkpoint, the store closes. Not cancelled; a second signal ends
    /// the process at once.
    func stop() async

    /// Checks the store or backup in the folder `path`, which nobody has open. A damaged one may crash the process.
    ///
    /// - Returns: lines for people about what was found.
    /// - Throws: ``CausewayError`` when it is not sound.
    static func verifyStore(at path: String) throws -> [String]
}

/// What the shell of the process gives to a ``DaemonService``.
package struct DaemonContext: Sendable {
    package var configuration: DaemonConfiguration
    /// As the process was started with: the master key's source is found in it.
    package var environment: [String: String]
    package var logger: Logger
    package var clock: any CausewayClock
    package var random: any RandomSource
    package var workThreads: WorkThreads
    package var spawner: Spawner
    package var notifier: Notifier
    /// For a service that cannot go on: ``ShutdownRequest/begin(_:)`` with ``ShutdownReason/failure(_:)``.
    package var shutdown: ShutdownRequest

    package init(
        configuration: DaemonConfiguration, environment: [String: String], logger: Logger, clock: any CausewayClock,
        random: any RandomSource, workThreads: WorkThreads, spawner: Spawner, notifier: Notifier,
        shutdown: ShutdownRequest
    ) {
        self.configuration = configuration
        self.environment = environment
        self.logger = logger
        self.clock = clock
        self.random = random
        self.workThreads = workThreads
        self.spawner = spawner
        self.notifier = notifier
        self.shutdown = shutdown
    }
}
