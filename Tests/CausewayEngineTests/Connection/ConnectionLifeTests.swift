import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayTestKit
import Testing

@Suite struct ConnectionLifeTests {
    @Test("a name is taken once, free after a delete, and nothing of the old connection is left")
    func createAndDelete() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id\n1\n2\n"))
            let shard = try await engine.connect().shard
            _ = try await engine.fetch()
            let error = await #expect(throws: CausewayError.self) { try await engine.connect() }
            #expect(error?.reason == "CONNECTION_EXISTS")
            try await engine.supervisor.deleteConnection("crm")
            #expect(throws: CausewayError.self) { try engine.supervisor.directory.connection("crm") }
            try await simulation.clock.sleep(for: .seconds(5))
            for table in Table.allCases where table != .ownership {
                let left = try engine.store.read { try $0.count(table, KeyRange(prefix: KeyBuilder.key(shard))) }
                #expect(left == 0, "\(table.name) still has \(left) entries")
            }
            try await engine.connect()
            #expect(try await engine.fetch().stored.counters?.rowsNew == 2)
            await engine.stop()
        }
    }

    @Test("the same request makes one connection, another with its id is refused")
    func requestID() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            func create(_ id: String, _ digest: [UInt8]) async throws(CausewayError) -> ConnectionView {
                try await engine.supervisor.createConnection(
                    ConnectionDraft(
                        id: id, integration: "scripted", settings: [:],
                        entities: [
                            CausewayCore.EntitySettings(entity: "rows", settings: ["folder": .text("/in")])
                        ], credentials: [:]),
                    requestID: "r", digest: digest)
            }
            let first = try await create("crm", [1])
            #expect(try await create("crm", [1]).shard == first.shard)
            let error = await #expect(throws: CausewayError.self) { try await create("other", [2]) }
            #expect(error?.reason == "REQUEST_ID_REUSED")
            await engine.stop()
        }
    }

    @Test("an etag that is no longer the connection's is refused")
    func etag() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            let connection = try await engine.connect()
            var change = ConnectionChange()
            change.etag = try await connection.view().stored.etag
            change.displayName = "Customers"
            let changed = try await connection.update(change)
            #expect(changed.stored.displayName == "Customers")
            let error = await #expect(throws: CausewayError.self) { try await connection.update(change) }
            #expect(error?.reason == "ETAG_MISMATCH")
            await engine.stop()
        }
    }

    @Test("changes at the same instant are all kept", arguments: 1...30 as ClosedRange<UInt64>)
    func concurrentChanges(seed: UInt64) throws {
        try Simulation.world(seed: seed) { simulation in
            let store = MemoryStore(
                gates: .init(before: { _ throws(CausewayError) in
                    do { try await simulation.clock.sleep(for: .milliseconds(5)) } catch { throw .cancelled }
                }))
            let engine = try await EngineFixture.start(simulation, store: store)
            let connection = try await engine.connect()
            async let paused = connection.pause()
            var rename = ConnectionChange()
            rename.displayName = "Customers"
            async let renamed = connection.update(rename)
            _ = try await (paused, renamed)
            let view = try await connection.view()
            #expect(view.stored.paused)
            #expect(view.stored.displayName == "Customers")
            await engine.stop()
        }
    }

    @Test("what a stop interrupts is resumed at the next start")
    func interrupted() throws {
        try Simulation.world { simulation in
            let store = MemoryStore()
            let server = ScriptedFileServer(clock: simulation.clock, latency: .milliseconds(300))
            let text = "id,v\n" + (0..<10_000).map { "\($0),value \($0)\n" }.joined()
            await server.put("/in/a.csv", .init(text))
            var engine = try await EngineFixture.start(simulation, store: store, server: server) {
                $0.readChunk = 8_192
                $0.batchRows = 500
            }
            let connection = try await engine.connect(entity: ["primary_key": .texts(["id"])])
            _ = try await connection.startFetch(.full)
            try await simulation.clock.sleep(for: .seconds(6))
            await engine.stop()
            #expect(try await engine.runs().map(\.state) == [.interrupted])
            let kept = try await engine.runs().first?.stored.counters?.rowsNew ?? 0
            #expect(kept > 0 && kept < 10_000)
            engine = try await EngineFixture.start(simulation, store: store, server: server)
            try await simulation.clock.sleep(for: .seconds(60))
            let runs = try await engine.runs()
            #expect(runs.map(\.state) == [.interrupted, .succeeded])
            #expect(runs.last?.stored.trigger == RunTrigger.resume.rawValue)
            #expect(runs.reduce(0) { $0 + ($1.stored.counters?.rowsNew ?? 0) } == 10_000)
            #expect(try await engine.export() == text)
            await engine.stop()
        }
    }

    @Test("what a stop interrupts is resumed though another run came first, and though that was stopped too")
    func interruptedBehindAnother() throws {
        try Simulation.world { simulation in
            let store = MemoryStore()
            let server = ScriptedFileServer(clock: simulation.clock, latency: .milliseconds(300))
            let text = "id,v\n" + (0..<10_000).map { "\($0),value \($0)\n" }.joined()
            await server.put("/in/a.csv", .init(text))
            let slow: (inout EngineLimits) -> Void = {
                $0.readChunk = 8_192
                $0.batchRows = 500
                $0.startJitter = .seconds(5)
            }
            var engine = try await EngineFixture.start(simulation, store: store, server: server, limits: slow)
            let connection = try await engine.connect(entity: ["primary_key": .texts(["id"])])
            _ = try await connection.startFetch(.full)
            try await simulation.clock.sleep(for: .seconds(6))
            await engine.stop()
            for _ in 0..<2 {
                engine = try await EngineFixture.start(simulation, store: store, server: server, limits: slow)
                _ = try await engine.supervisor.directory.connection("crm").startFetch(.statistics)
                await engine.stop()
            }
            engine = try await EngineFixture.start(simulation, store: store, server: server, limits: slow)
            _ = try await engine.supervisor.directory.connection("crm").startFetch(.metadata)
            try await simulation.clock.sleep(for: .seconds(120))
            let resumed = try await engine.runs().filter { $0.stored.trigger == RunTrigger.resume.rawValue }
            #expect(resumed.map(\.stored.kind).contains(RunKind.full.rawValue))
            #expect(resumed.allSatisfy { $0.state == .succeeded })
            #expect(try await engine.export() == text)
            await engine.stop()
        }
    }

    @Test("wrong settings are refused with each violation")
    func validation() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            let error = await #expect(throws: CausewayError.self) {
                try await engine.connect(entity: ["folder_": .text("/in"), "max_quarantined_rows": .integer(-1)])
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.violations.count == 2)
            #expect(engine.supervisor.directory.count == 0)
            await engine.stop()
        }
    }

    @Test("a stop returns though nobody runs the supervisor: idle, behind a run, in the middle of one, and once more")
    func stopWithoutRunning() throws {
        try Simulation.world { simulation in
            let server = ScriptedFileServer(folders: ["/in"], clock: simulation.clock, latency: .milliseconds(500))
            let store = MemoryStore()
            for round in 0..<4 {
                let engine = try await EngineFixture.start(simulation, store: store, server: server, isRun: false) {
                    $0.readChunk = 64
                }
                if round == 0 { try await engine.connect(entity: ["primary_key": .texts(["id"])]) }
                if round == 1 { _ = try await engine.fetch() }
                if round == 2 {
                    await server.put("/in/a.csv", .init("id,v\n" + (0..<2_000).map { "\($0),x\n" }.joined()))
                    _ = try await engine.supervisor.directory.connection("crm").startFetch(.full)
                    try await simulation.clock.sleep(for: .seconds(3))
                }
                let start = simulation.clock.uptime
                await engine.stop()
                await engine.supervisor.stop()
                #expect(simulation.clock.uptime - start < .seconds(5))
            }
            let states = try store.read { transaction in
                try RunTable.list(in: transaction, #require(try DirectoryTable.get(in: transaction, "crm")), limit: 9)
                    .map(\.run.state)
            }
            #expect(states.contains(RunState.interrupted.rawValue))
            #expect(!states.contains(RunState.running.rawValue))
        }
    }
}
