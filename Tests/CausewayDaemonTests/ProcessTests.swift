import CausewayCore
import Glibc
import Synchronization
import Testing

@testable import CausewayDaemon

@Suite struct NotifierTests {
    @Test("messages arrive", arguments: [false, true])
    func arrive(isAbstract: Bool) throws {
        let receiver = try Receiver(isAbstract: isAbstract)
        let notifier = Notifier(environment: ["NOTIFY_SOCKET": receiver.address], process: 1)
        notifier.ready()
        notifier.status("two\nlines \u{1B}[0m")
        notifier.stopping("because")
        notifier.alive()
        #expect(receiver.next() == "READY=1\nSTATUS=Serving")
        #expect(receiver.next() == "STATUS=two\\nlines \\u{1b}[0m")
        #expect(receiver.next() == "STOPPING=1\nSTATUS=because")
        #expect(receiver.next() == "WATCHDOG=1")
        #expect(receiver.next() == nil)
    }

    @Test("nobody there", arguments: ["", "relative", "/nonexistent/socket", "@", String(repeating: "/x", count: 100)])
    func nobody(address: String) {
        Notifier(environment: ["NOTIFY_SOCKET": address], process: 1).ready()
    }

    @Test func theWatchdogsTime() {
        func interval(_ environment: [String: String]) -> Duration? {
            Notifier(environment: environment, process: 42).watchdogInterval
        }
        #expect(interval([:]) == nil)
        #expect(interval(["WATCHDOG_USEC": "30000000"]) == .seconds(15))
        #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "42"]) == .seconds(15))
        #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "43"]) == nil)
        for odd in ["", "x", "-1", "0"] { #expect(interval(["WATCHDOG_USEC": odd]) == nil) }
    }

    @Test func onlyADaemonThatAnswersIsAlive() async throws {
        let receiver = try Receiver(isAbstract: true)
        let notifier = Notifier(
            environment: ["NOTIFY_SOCKET": receiver.address, "WATCHDOG_USEC": "2000000"], process: 1)
        let clock = CountedClock(sleeps: 3)
        let asked = Atomic(0)
        // Answers the first and the third time.
        await notifier.keepWatch(clock) { asked.add(1, ordering: .relaxed).oldValue % 2 == 0 }
        #expect(clock.asked == [.seconds(1), .seconds(1), .seconds(1), .seconds(1)])
        #expect(asked.load(ordering: .relaxed) == 4)
        #expect(receiver.next() == "WATCHDOG=1")
        #expect(receiver.next() == "WATCHDOG=1")
        #expect(receiver.next() == nil)
    }
}

@Suite struct ShutdownRequestTests {
    @Test func everybodyHearsTheFirstReason() async {
        let request = ShutdownRequest()
        async let first = request.wait()
        async let second = request.wait()
        #expect(request.begin(.signal("SIGTERM")))
        #expect(!request.begin(.signal("SIGINT")))
        for reason in [await first, await second, await request.wait()] {
            guard case .signal("SIGTERM") = reason else {
                Issue.record("\(String(describing: reason))")
                continue
            }
        }
    }

    @Test func waitingCanBeGivenUp() async {
        let request = ShutdownRequest()
        let waiting = Task { await request.wait() }
        waiting.cancel()
        #expect(await waiting.value == nil)
        #expect(request.begin(.signal("SIGTERM")))
    }
}

@Suite struct SignalTests {
    @Test func aSignalIsACallAndABrokenPipeIsNot() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let seen = Mutex<[String]>([])
            try Signals.handle { name in
                let all = seen.withLock { seen in
                    seen.append(name)
                    return seen
                }
                if all == ["SIGTERM", "SIGINT", "SIGHUP"] { _exit(42) }
                kill(getpid(), all.count == 1 ? SIGINT : SIGHUP)
            }
            raise(SIGPIPE)
            kill(getpid(), SIGTERM)
            while true { pause() }
        }
    }

    @Test func hardenedProcessesLeaveNoCore() async {
        await #expect(processExitsWith: .exitCode(0)) {
            guard Hardening.apply().isEmpty else { exit(1) }
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
            guard limit.rlim_max == 0, umask(0) == 0o077 else { exit(2) }
            exit(0)
        }
    }
}

@Suite struct StateFolderTests {
    @Test func madeForUsAlone() throws {
        let root = "/tmp/causewayd-state-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let path = "\(root)/a/b"
        defer { for folder in [path, "\(root)/a", root] { rmdir(folder) } }
        try StateFolder.prepare(path)
        try StateFolder.prepare(path)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o700)
        chmod(path, 0o755)
        let error = #expect(throws: CausewayError.self) { try StateFolder.prepare(path) }
        #expect(error?.reason == "STATE_DIRECTORY_UNUSABLE")
    }

    @Test("not a folder of ours", arguments: ["/dev/null", "/dev/null/x", "/proc/1/causeway"])
    func refused(path: String) {
        #expect(throws: CausewayError.self) { try StateFolder.prepare(path) }
    }
}

/// What systemd is to a daemon: a datagram socket.
private final class Receiver {
    let address: String
    private let descriptor: Int32
    private let path: String?

    init(isAbstract: Bool) throws {
        let name = "/tmp/causewayd-notify-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        path = isAbstract ? nil : name
        address = isAbstract ? "@" + name.dropFirst() : name
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var target = sockaddr_un()
        target.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &target.sun_path) { bytes in
            bytes.copyBytes(from: name.utf8)
            if isAbstract { bytes[0] = 0 }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
        let bound = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(bound == 0)
    }

    deinit {
        close(descriptor)
        if let path { unlink(path) }
    }

    func next() -> String? {
        var bytes = [UInt8](repeating: 0, count: 1_024)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count >= 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}

/// Sleeps take no time; after so many they are cancelled.
private final class CountedClock: CausewayClock {
    private let state: Mutex<(left: Int, asked: [Duration])>
    init(sleeps: Int) { state = Mutex((sleeps, [])) }
    var now: Timestamp { Timestamp(micros: 0) }
    var uptime: Duration { .zero }
    var asked: [Duration] { state.withLock { $0.asked } }
    func sleep(for duration: Duration) async throws {
        let isOver = state.withLock { state in
            state.asked.append(duration)
            state.left -= 1
            return state.left < 0
        }
        if isOver { throw CancellationError() }
    }
}
