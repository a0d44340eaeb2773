import CausewayCore
import CausewayTestKit
import Glibc
import Synchronization

/// A daemon of the build on a state folder of its own, started and ended as often as a test wants.
///
/// It is killed with the last reference.
final class DaemonFixture: Sendable {
    let scratch: ScratchFolder
    private let state: Mutex<State>
    /// Where the daemon says that it is ready.
    private let notifySocket: Int32
    private let arguments: [String]
    private let stateFolder: String

    private struct State {
        var program: Program?
        var commands = 0
    }

    /// Nothing takes longer, or the test fails.
    static let patience = Duration.seconds(120)

    /// Starts a daemon and waits until it serves.
    ///
    /// - Parameter stateFolder: an existing state; its own otherwise.
    init(_ arguments: [String] = [], stateFolder: String? = nil) async throws {
        let scratch = try ScratchFolder("causeway-e2e")
        self.scratch = scratch
        self.stateFolder = stateFolder ?? scratch["state"]
        self.arguments = arguments
        state = Mutex(State())
        notifySocket = try Self.listen(at: scratch["notify"])
        try await start()
    }

    deinit {
        kill()
        close(notifySocket)
    }

    var socket: String { scratch["s.sock"] }
    var storePath: String { "\(stateFolder)/store" }
    var masterKeyPath: String { "\(stateFolder)/master-key" }
    var pid: pid_t { state.withLock { $0.program?.pid ?? 0 } }
    /// What all daemons of this fixture have logged.
    var log: String { String(decoding: scratch.read("daemon.err") ?? [], as: UTF8.self) }

    // MARK: Life

    /// Starts the daemon and returns once it serves.
    ///
    /// - Throws: ``CausewayError`` when it ends instead, or says nothing for ``patience``.
    func start() async throws {
        let program = try Program(
            "causewayd", ["--state-directory", stateFolder, "--socket", socket] + arguments,
            environment: ["NOTIFY_SOCKET": scratch["notify"]], in: scratch, tag: "daemon")
        state.withLock { $0.program = program }
        let notifySocket = notifySocket
        let isReady = await Program.offPool {
            var buffer = [UInt8](repeating: 0, count: 4_096)
            for _ in 0..<Int(Self.patience.milliseconds / 50) {
                var entry = pollfd(fd: notifySocket, events: Int16(POLLIN), revents: 0)
                if Glibc.poll(&entry, 1, 50) > 0 {
                    let count = recv(notifySocket, &buffer, buffer.count, 0)
                    let message = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
                    if message.contains("READY=1") { return true }
                } else if program.poll() != nil {
                    return false
                }
            }
            return false
        }
        guard isReady else {
            state.withLock { $0.program = nil }
            throw CausewayError.fixture("causewayd did not start: \(log.suffix(2_000))")
        }
    }

    /// Asks the daemon to end and waits until it has.
    ///
    /// - Returns: its exit status.
    @discardableResult
    func stop() async -> Int32? { await end(by: SIGTERM) }

    /// Ends the daemon by SIGKILL.
    func kill() {
        guard let program = take() else { return }
        Glibc.kill(program.pid, SIGKILL)
        var status: Int32 = 0
        while waitpid(program.pid, &status, 0) < 0, errno == EINTR {}
    }

    private func end(by signal: Int32) async -> Int32? {
        guard let program = take() else { return nil }
        Glibc.kill(program.pid, signal)
        return await program.wait()
    }

    private func take() -> Program? {
        state.withLock { state in
            defer { state.program = nil }
            return state.program
        }
    }

    // MARK: Commands

    /// Runs `causeway` to its end.
    @discardableResult
    func causeway(_ arguments: String..., input: String = "", environment: [String: String] = [:]) async throws
        -> Answer
    {
        try await causeway(arguments, input: input, environment: environment)
    }

    @discardableResult
    func causeway(_ arguments: [String], input: String = "", environment: [String: String] = [:]) async throws
        -> Answer
    {
        let number = state.withLock { state in
            state.commands += 1
            return state.commands
        }
        let tag = "command-\(number)"
        let program = try Program(
            "causeway", arguments, environment: environment.merging(["CAUSEWAY_SOCKET": socket]) { $1 }, input: input,
            in: scratch, tag: tag)
        let status = await program.wait()
        return Answer(
            status: status, output: String(decoding: scratch.read("\(tag).out") ?? [], as: UTF8.self),
            complaint: String(decoding: scratch.read("\(tag).err") ?? [], as: UTF8.self))
    }

    /// Asks again and again until an answer is as wanted.
    ///
    /// - Throws: ``CausewayError`` when none is within ``patience``.
    @discardableResult
    func causeway(_ arguments: String..., until isWanted: (Answer) -> Bool) async throws -> Answer {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while true {
            let answer = try await causeway(arguments)
            if isWanted(answer) { return answer }
            guard clock.now < end else {
                throw CausewayError.fixture(
                    "\(arguments.joined(separator: " ")) did not come to what was waited for: \(answer.output) "
                        + "\(answer.complaint) \(log.suffix(2_000))")
            }
            // Another process's progress cannot be awaited.
            await Program.offPool { _ = usleep(20_000) }
        }
    }

    private static func listen(at path: String) throws(CausewayError) -> Int32 {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        let failure = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard failure == 0 else { throw .fixture("no notify socket at \(path): errno \(errno)") }
        return descriptor
    }
}
