import ArgumentParser
import CausewayCore
import Logging
import Synchronization
import Testing

@testable import CausewayDaemon

@Suite struct DaemonShellTests {
    private let sink = LinesKept()

    private func context(_ threads: WorkThreads, _ events: Events) throws -> DaemonContext {
        let paths = DefaultPaths(environment: [:], uid: 1_000)
        return DaemonContext(
            configuration: DaemonConfiguration(paths: paths, processors: 1), environment: events.environment,
            logger: makeLogger(sink), clock: FixedClock(), random: SystemRandom(), workThreads: threads,
            spawner: .system(threads), notifier: Notifier(environment: [:], process: 1), shutdown: events.shutdown)
    }

    @Test func itServesUntilToldToEnd() async throws {
        let events = Events()
        let threads = try WorkThreads(count: 1)
        async let running: Void = DaemonShell.run(TestService.self, context(threads, events))
        await events.started()
        #expect(events.all == ["start"])
        events.shutdown.begin(.signal("SIGTERM"))
        try await running
        #expect(events.all == ["start", "stop"])
        #expect(sink.lines.contains { $0.contains("stopping signal=SIGTERM") })
        threads.shutDown()
    }

    @Test func aServiceThatGivesUpIsStoppedAndItsErrorIsTheEnd() async throws {
        let events = Events()
        let threads = try WorkThreads(count: 1)
        events.shutdown.begin(.failure(CausewayError(.unavailable, reason: "STORE_OUTCOME_UNKNOWN", "The store.")))
        let context = try context(threads, events)
        let error = await #expect(throws: CausewayError.self) { try await DaemonShell.run(TestService.self, context) }
        #expect(error?.reason == "STORE_OUTCOME_UNKNOWN" && events.all == ["start", "stop"])
        threads.shutDown()
    }

    @Test func aServiceThatCannotStartIsNotStopped() async throws {
        let events = Events(failsToStart: true)
        let threads = try WorkThreads(count: 1)
        let context = try context(threads, events)
        let error = await #expect(throws: CausewayError.self) { try await DaemonShell.run(TestService.self, context) }
        #expect(error?.reason == "MASTER_KEY_WRONG" && events.all == ["start"])
        #expect(sink.lines.contains { $0.contains("critical the daemon could not start") && $0.contains("MASTER_KEY") })
        threads.shutDown()
    }
}

@Suite struct DaemonCommandTests {
    private typealias Command = DaemonCommand<TestService>

    @Test func runningIsTheDefault() throws {
        let parsed = try Command.parseAsRoot(["--state-directory", "/srv/x", "--log-level", "debug"])
        let run = try #require(parsed as? RunCommand<TestService>)
        #expect(run.options.values == ["state_directory": "/srv/x", "log_level": "debug"])
        #expect(try Command.parseAsRoot(["run"]) is RunCommand<TestService>)
    }

    @Test func everyKeyHasAFlag() throws {
        let flags = ConfigurationKey.all.flatMap { ["--\($0.name.replacing("_", with: "-"))", "value"] }
        let parsed = try Command.parseAsRoot(["print-config"] + flags)
        let command = try #require(parsed as? PrintConfigurationCommand)
        #expect(Set(command.options.values.keys) == Set(ConfigurationKey.all.map(\.name)))
    }

    @Test func wrongUseIsRefused() {
        for arguments in [["--nonsense"], ["verify-store"], ["run", "extra"], ["serve"]] {
            #expect(throws: (any Error).self) { try Command.parseAsRoot(arguments) }
        }
    }

    @Test func aStoreThatIsNotSoundIsAnExitCode() throws {
        let sound = try #require(
            try Command.parseAsRoot(["verify-store", "/sound"]) as? VerifyStoreCommand<TestService>)
        try sound.run()
        let damaged = try #require(
            try Command.parseAsRoot(["verify-store", "/damaged"]) as? VerifyStoreCommand<TestService>)
        #expect(throws: ExitCode(1)) { try damaged.run() }
    }

    @Test func helpNamesEverySetting() {
        let help = RunCommand<TestService>.helpMessage()
        for key in ConfigurationKey.all { #expect(help.contains("--\(key.name.replacing("_", with: "-"))")) }
    }
}

/// What a service under test has been through. Found by the service by a variable of its environment.
private final class Events: Sendable {
    static let all = Mutex<[String: Events]>([:])
    let shutdown = ShutdownRequest()
    let failsToStart: Bool
    private let id = "\(UInt64.random(in: 0 ... .max))"
    private let seen = Mutex<[String]>([])
    private let begun = AsyncStream.makeStream(of: Void.self)

    init(failsToStart: Bool = false) {
        self.failsToStart = failsToStart
        Self.all.withLock { $0[id] = self }
    }
    var environment: [String: String] { ["TEST_EVENTS": id] }
    var all: [String] { seen.withLock { $0 } }
    func add(_ event: String) {
        seen.withLock { $0.append(event) }
        begun.continuation.finish()
    }
    func started() async { for await _ in begun.stream {} }
}

private struct TestService: DaemonService {
    let events: Events

    static func start(_ context: DaemonContext) async throws -> TestService {
        let events = try #require(Events.all.withLock { $0[context.environment["TEST_EVENTS"] ?? ""] })
        events.add("start")
        if events.failsToStart { throw CausewayError(.failedPrecondition, reason: "MASTER_KEY_WRONG", "Wrong.") }
        return TestService(events: events)
    }
    func isAlive() async -> Bool { true }
    func stop() async { events.add("stop") }

    static func verifyStore(at path: String) throws -> [String] {
        guard path == "/sound" else { throw CausewayError(.dataLoss, reason: "STORE_DAMAGED", "Damaged.") }
        return ["sound"]
    }
}
