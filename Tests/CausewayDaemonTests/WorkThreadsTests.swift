import CausewayCore
import CausewayDaemon
import Glibc
import Synchronization
import Testing

@Suite struct WorkThreadsTests {
    private final class Seen: Sendable {
        private let names = Mutex<[String: Int]>([:])
        func add() {
            var name = [CChar](repeating: 0, count: 16)
            // The thread's name as the kernel has it.
            prctl_name(&name)
            let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            names.withLock { $0[text, default: 0] += 1 }
        }
        var all: [String: Int] { names.withLock { $0 } }
    }

    @Test func workRunsOnTheThreadsAndTheRestDoesNot() async throws {
        let threads = try WorkThreads(count: 2, name: "crunch")
        let spawner = Spawner.system(threads)
        let (work, rest) = (Seen(), Seen())
        let tasks = (0..<100).map { _ in
            spawner(on: .work) {
                work.add()
                await Task.yield()
                work.add()
            }
        }
        let other = spawner { rest.add() }
        for task in tasks { await task.value }
        await other.value
        #expect(Set(work.all.keys).isSubset(of: ["crunch-0", "crunch-1"]))
        #expect(work.all.values.reduce(0, +) == 200)
        #expect(!rest.all.keys.contains { $0.hasPrefix("crunch") })
        threads.shutDown()
    }

    @Test func threadsThatAreAllBlockedDoNotBlockTheCooperativePool() async throws {
        let threads = try WorkThreads(count: 2)
        let spawner = Spawner.system(threads)
        let gate = Gate()
        let blocked = (0..<4).map { _ in spawner(on: .work) { gate.pass() } }
        // Runs although every thread waits; only then are they let go.
        await spawner { gate.open() }.value
        for task in blocked { await task.value }
        threads.shutDown()
    }

    @Test func theEndMayBeCalledOnOneOfTheThreadsAndTwice() async throws {
        let threads = try WorkThreads(count: 2)
        await Spawner.system(threads)(on: .work) {
            threads.shutDown()
            threads.shutDown()
        }.value
        threads.shutDown()
    }

    @Test func childTasksStayOnTheThreads() async throws {
        let threads = try WorkThreads(count: 1, name: "child")
        let seen = Seen()
        await Spawner.system(threads)(on: .work) {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<10 { group.addTask { seen.add() } }
            }
        }.value
        #expect(seen.all == ["child-0": 10])
        threads.shutDown()
    }

    @Test func theEndWaitsForWhatWasBegunAndLosesNothing() async throws {
        let threads = try WorkThreads(count: 1)
        let spawner = Spawner.system(threads)
        let done = Atomic(0)
        let tasks = (0..<50).map { _ in spawner(on: .work) { done.add(1, ordering: .relaxed) } }
        threads.shutDown()
        #expect(done.load(ordering: .relaxed) == 50)
        for task in tasks { await task.value }
        // Later work still ends, elsewhere.
        await spawner(on: .work) { done.add(1, ordering: .relaxed) }.value
        #expect(done.load(ordering: .relaxed) == 51)
        threads.shutDown()
    }

    @Test func aTaskThatSuspendsAcrossTheEndIsFinished() async throws {
        let threads = try WorkThreads(count: 1)
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let task = Spawner.system(threads)(on: .work) { for await _ in stream {} }
        threads.shutDown()
        continuation.finish()
        await task.value
    }
}

/// Blocks threads until it is opened.
private final class Gate: Sendable {
    private let descriptors: (Int32, Int32)
    init() {
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        descriptors = (ends[0], ends[1])
    }
    deinit { close(descriptors.0) }
    func pass() {
        var byte: UInt8 = 0
        _ = read(descriptors.0, &byte, 1)
    }
    /// Once.
    func open() { close(descriptors.1) }
}

private func prctl_name(_ name: inout [CChar]) {
    let descriptor = open("/proc/thread-self/comm", O_RDONLY)
    defer { close(descriptor) }
    _ = read(descriptor, &name, name.count)
    if let end = name.firstIndex(of: CChar(UInt8(ascii: "\n"))) { name[end] = 0 }
}

@Suite struct SystemClockTests {
    @Test func clocksGoOn() async throws {
        let clock = SystemClock()
        let (now, uptime) = (clock.now, clock.uptime)
        #expect(now > Timestamp(seconds: 1_700_000_000))
        try await clock.sleep(for: .milliseconds(5))
        #expect(clock.uptime - uptime >= .milliseconds(5))
    }

    @Test func sleepersWakeWhenCancelled() async {
        let sleeper = Task { try await SystemClock().sleep(for: .seconds(3_600)) }
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }

    @Test func randomNumbersDiffer() {
        let random = SystemRandom()
        #expect(Set((0..<1_000).map { _ in random.next() }).count == 1_000)
    }
}
