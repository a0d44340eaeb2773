import CausewayCore
import CausewayMessages
@preconcurrency import Glibc
import Synchronization

/// Follows a run to its end: a bar on a terminal, lines elsewhere, documents for programs.
struct RunWatcher: Sendable {
    /// How watching ended.
    enum Ending: Hashable, Sendable {
        /// The run has ended; this is its last state.
        case ended(Run)
        /// The user does not want to wait any longer; the run goes on.
        case detached(Run)
    }

    /// What both the stream and the clock look at.
    private final class State: Sendable {
        let progress: Mutex<RunProgress>
        init(_ progress: RunProgress) { self.progress = Mutex(progress) }
    }

    private let session: Session
    private let state: State
    private let draws: Bool

    /// A bar is drawn at most this often.
    private static let frame = Duration.milliseconds(100)
    /// Without a terminal a line is printed at most this often.
    private static let lineInterval = Duration.seconds(5)

    init(_ session: Session, _ run: Run) {
        self.session = session
        state = State(RunProgress(run, at: Self.uptime))
        draws = session.console.err.isTerminal && !session.console.isQuiet && session.console.format == .table
    }

    /// Watches until the run ends, or Ctrl-C.
    func watch() async throws -> Ending {
        Interrupts.count()
        defer { Interrupts.stopCounting() }
        let wasDetached = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await receive()
                return false
            }
            group.addTask { try await tick() }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        let run = state.progress.withLock(\.run)
        if wasDetached { return .detached(run) }
        guard run.state.hasEnded else { throw Self.lost(run) }
        return .ended(run)
    }

    /// The stream ended before the run did.
    private static func lost(_ run: Run) -> Failure {
        Failure(
            .unavailable, reason: "DAEMON_GONE", "The daemon went away while run \(run.number) was watched.",
            hints: [
                "When it is back, the run goes on from what it has committed.",
                "Watch it: causeway run watch \(run.connectionID)",
            ], isRetryable: true)
    }

    /// Takes each change from the daemon.
    private func receive() async throws {
        let name = state.progress.withLock(\.run.name)
        let request = WatchRunRequest.with { $0.name = name }
        do {
            try await session.stream(RunServiceMethods.watchRun, request) { run in
                state.progress.withLock { $0.update(run, at: Self.uptime) }
                if session.console.format == .json { try session.console.item(run.json, []) }
            }
        } catch let error as CausewayError where error.code == .unavailable {
            throw Self.lost(state.progress.withLock(\.run))
        }
    }

    /// Shows the progress until it is cancelled.
    ///
    /// - Returns: true when the user detaches.
    private func tick() async throws -> Bool {
        var live = LiveLines()
        var lastLine = Self.uptime
        defer { if draws { session.console.display(live.erasing()) } }
        while true {
            if Interrupts.take() {
                if draws { session.console.display(live.erasing()) }
                if try await wantsToLeave() { return true }
                Interrupts.count()
            }
            let now = Self.uptime
            if draws {
                let screen = Screen.of(STDERR_FILENO)
                let lines = state.progress.withLock {
                    $0.screenLines(width: max(20, (screen.columns ?? 80) - 1), colours: screen.colours, at: now)
                }
                session.console.display(live.drawing(lines))
            } else if now - lastLine >= Self.lineInterval {
                lastLine = now
                if session.console.format == .table {
                    session.console.note(state.progress.withLock { $0.plainLine(at: now) })
                }
            }
            try await Task.sleep(for: Self.frame)
        }
    }

    /// After Ctrl-C: whether to stop watching, and whether the run is to end with it.
    private func wantsToLeave() async throws -> Bool {
        let prompt = session.prompt
        let run = state.progress.withLock(\.run)
        guard prompt.isPossible, draws else { return true }
        prompt.say("", "Run \(run.number) goes on in the daemon.")
        let choices = [
            (id: "leave", title: "stop watching; the run goes on"), (id: "watch", title: "watch again"),
            (id: "cancel", title: "cancel the run; what is committed stays"),
        ]
        let answer: String
        do {
            answer = try prompt.choice("What now?", choices, default: "leave")
        } catch let failure as Failure where failure.status == .interrupted {
            return true
        }
        if answer == "cancel" {
            _ = try await session.call(RunServiceMethods.cancelRun) { $0.name = run.name }
        }
        return answer == "leave"
    }

    private static var uptime: Duration { start.duration(to: .now) }

    /// Where the uptimes of this process count from.
    private static let start = ContinuousClock.now
}

extension Session {
    /// Watches a run, says how it ended, and ends the command with the status that says so too.
    func follow(_ run: Run) async throws {
        switch try await RunWatcher(self, run).watch() {
        case .ended(let run):
            if console.format == .table { try console.emit(.outcome(run)) }
            try Exit.with(run.state.exitStatus)
        case .detached(let run):
            console.note("Run \(run.number) goes on.")
            console.note("  Watch:  causeway run watch \(run.connectionID) \(run.number)")
            console.note("  Cancel: causeway run cancel \(run.connectionID)")
            throw Exit(status: .interrupted)
        }
    }
}
