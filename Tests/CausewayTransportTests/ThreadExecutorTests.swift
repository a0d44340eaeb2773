import CausewayCore
import Glibc
import Synchronization
import Testing

@testable import CausewayTransport

@Suite("A thread as an executor", .timeLimit(.minutes(1)))
struct ThreadExecutorTests {
    private actor Worker {
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
        private let executor: ThreadExecutor
        private var count = 0
        private var threads: Set<pthread_t> = []

        init(_ executor: ThreadExecutor) { self.executor = executor }

        func work() -> (count: Int, threads: Int) {
            count += 1
            threads.insert(pthread_self())
            return (count, threads.count)
        }
    }

    @Test("runs the jobs of many tasks one by one, all on one thread")
    func serial() async throws {
        let executor = try ThreadExecutor(name: "test-serial")
        try executor.start { nil }
        let worker = Worker(executor)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<1_000 { group.addTask { _ = await worker.work() } }
        }
        let (count, threads) = await worker.work()
        #expect(count == 1_001)
        #expect(threads == 1)
        executor.finish()
    }

    @Test("still runs jobs that come after its end, and may be finished twice")
    func late() async throws {
        let executor = try ThreadExecutor(name: "test-late")
        let worker = Worker(executor)
        #expect(await worker.work().count == 1)
        try executor.start { nil }
        #expect(await worker.work().count == 2)
        executor.finish()
        executor.finish()
        for count in 3...50 { #expect(await worker.work().count == count) }
    }

    @Test("calls its idle work on the thread, as often as that asks for")
    func idle() async throws {
        let executor = try ThreadExecutor(name: "test-idle")
        let (calls, continuation) = AsyncStream.makeStream(of: pthread_t.self)
        try executor.start {
            continuation.yield(pthread_self())
            return .milliseconds(1)
        }
        var threads: Set<pthread_t> = []
        var seen = 0
        for await thread in calls {
            threads.insert(thread)
            seen += 1
            if seen == 5 { break }
        }
        #expect(threads.count == 1)
        executor.finish()
    }
}
