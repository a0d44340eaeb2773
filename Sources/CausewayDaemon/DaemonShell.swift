package import CausewayCore
import Logging

/// The life of a daemon, from its start to its end.
package enum DaemonShell {
    /// Starts `Service`, tells systemd, and waits until the end is asked for; then stops it.
    ///
    /// - Throws: ``CausewayError`` when the service could not start, or gave up.
    package static func run<Service: DaemonService>(
        _ service: Service.Type, _ context: DaemonContext
    ) async throws(CausewayError) {
        let started: Service
        do {
            started = try await Service.start(context)
        } catch {
            let error = CausewayError.wrapping(error)
            context.logger.critical("the daemon could not start", metadata: error.logMetadata)
            throw error
        }
        context.notifier.ready()
        context.logger.notice("serving", metadata: ["socket": "\(context.configuration.socket)"])

        let reason = await waitForEnd(started, context)
        switch reason {
        case .signal(let name):
            context.logger.notice("stopping", metadata: ["signal": "\(name)"])
            context.notifier.stopping("Stopping on \(name); runs end at their checkpoint")
        case .failure(let error):
            context.logger.critical("stopping: the daemon cannot go on", metadata: error.logMetadata)
            context.notifier.stopping("Stopping: \(error.reason)")
        case nil:
            context.notifier.stopping("Stopping")
        }
        await started.stop()
        context.logger.notice("stopped")
        if case .failure(let error) = reason { throw error }
    }

    private static func waitForEnd(_ service: some DaemonService, _ context: DaemonContext) async -> ShutdownReason? {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await context.notifier.keepWatch(context.clock) { await service.isAlive() }
            }
            defer { group.cancelAll() }
            return await context.shutdown.wait()
        }
    }
}

extension CausewayError {
    /// For entries of the log.
    var logMetadata: Logger.Metadata {
        var fields: Logger.Metadata = ["reason": "\(reason)", "error": "\(message)"]
        if let cause { fields["cause"] = "\(cause)" }
        return fields
    }
}
