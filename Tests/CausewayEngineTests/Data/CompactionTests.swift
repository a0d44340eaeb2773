import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayTestKit
import Testing

@Suite struct CompactionTests {
    private static func file(_ version: Int, rows: Int = 3_000) -> ScriptedFileServer.File {
        .init(
            "id,v\n" + (0..<rows).map { "\($0),version \(version) of \($0)\n" }.joined(),
            modified: Timestamp(seconds: 1_700_000_000 + Int64(version)))
    }

    private static func count(_ engine: EngineFixture, _ table: Table) throws -> Int {
        let shard = try engine.supervisor.directory.shard(of: "crm")
        return try engine.store.read { try $0.count(table, KeyRange(prefix: KeyBuilder.key(shard))) }
    }

    @Test("after runs the space of replaced records is given back, and nothing else changes")
    func afterRuns() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation) {
                $0.batchRows = 200
                $0.statistics.pendingRows = 1
            }
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            for version in 0..<10 {
                await engine.server.put("/in/a.csv", Self.file(version))
                _ = try await engine.fetch()
            }
            let before = try await engine.export()
            try await simulation.clock.sleep(for: .seconds(10))
            #expect(try await engine.export() == before)
            #expect(try Self.count(engine, .segments) < 5)
            #expect(try Self.count(engine, .deadSlots) == 0)
            let connection = try engine.supervisor.directory.connection("crm")
            let recount = try await engine.ended(try await connection.reloadStatistics(nil, requestID: "").number)
            #expect(
                try await engine.log(recount.number).contains { $0.message == "statistics counted; all figures agree" })
            // All keys are found where they were.
            await engine.server.put("/in/b.csv", Self.file(9))
            let again = try await engine.fetch()
            #expect(again.stored.counters?.rowsUnchanged == 3_000)
            await engine.stop()
        }
    }

    @Test("compaction stops when a run begins, and goes on after it")
    func yields() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation) {
                $0.batchRows = 100
                $0.statistics.pendingRows = 1
                $0.compaction.unitSegments = 2
                $0.compactionRest = .seconds(1)
            }
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            for version in 0..<4 {
                await engine.server.put("/in/a.csv", Self.file(version))
                _ = try await engine.fetch()
            }
            try await simulation.clock.sleep(for: .seconds(5))
            let some = try Self.count(engine, .segments)
            #expect(some > 60)
            await engine.server.put("/in/b.csv", Self.file(7, rows: 50))
            let begun = simulation.clock.uptime
            _ = try await engine.fetch()
            // It did not wait for compaction to end.
            #expect(simulation.clock.uptime - begun < .seconds(1))
            try await simulation.clock.sleep(for: .seconds(300))
            #expect(try Self.count(engine, .segments) < 40)
            await engine.stop()
        }
    }

    @Test("an export has the records of its beginning; compaction waits for its end")
    func waitsForExports() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation) {
                $0.batchRows = 100
                $0.statistics.pendingRows = 1
            }
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            await engine.server.put("/in/a.csv", Self.file(0, rows: 40_000))
            _ = try await engine.fetch()
            try await simulation.clock.sleep(for: .seconds(60))
            let before = try await engine.export()
            var pieces = 0
            var text: [UInt8] = []
            try await Queries(engine.supervisor).export("crm", "rows", .csv) { piece, _ in
                text += piece
                pieces += 1
                guard pieces == 1 else { return }
                await engine.server.put("/in/a.csv", Self.file(1, rows: 40_000))
                _ = try await engine.fetch()
                try await simulation.clock.sleep(for: .seconds(60))
            }
            #expect(pieces > 2)
            #expect(String(decoding: text, as: UTF8.self) == before)
            let held = try Self.count(engine, .segments)
            try await simulation.clock.sleep(for: .seconds(60))
            #expect(try Self.count(engine, .segments) < held / 2)
            await engine.stop()
        }
    }

    @Test("what a stop leaves is found after the next run")
    func stopped() throws {
        try Simulation.world { simulation in
            let change: @Sendable (inout EngineLimits) -> Void = {
                $0.batchRows = 100
                $0.statistics.pendingRows = 1
                $0.compaction.unitSegments = 2
            }
            let engine = try await EngineFixture.start(simulation, limits: change)
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            for version in 0..<4 {
                await engine.server.put("/in/a.csv", Self.file(version))
                _ = try await engine.fetch()
            }
            let before = try await engine.export()
            try await simulation.clock.sleep(for: .milliseconds(55))
            await engine.stop()
            let left = try Self.count(engine, .segments)
            let later = try await EngineFixture.start(
                simulation, store: engine.store, server: engine.server, limits: change)
            #expect(try await later.export() == before)
            _ = try await later.fetch()
            try await simulation.clock.sleep(for: .seconds(60))
            #expect(try Self.count(later, .segments) < left)
            #expect(try await later.export() == before)
            await later.stop()
        }
    }
}
