import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayTestKit
import Testing

@Suite struct StatisticsTests {
    @Test("after a run the figures of entity and fields are those of its records")
    func settled() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v,w\n1,10,x\n2,,x\n3,20,y\n"))
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            let run = try await engine.fetch()
            #expect(run.stored.stages.map(\.stage).contains("settle"))
            #expect(run.stored.stages.first?.stage == "read")
            let queries = Queries(engine.supervisor)
            let figures = try #require(try queries.entity("crm", "rows").entity.figures)
            #expect(figures.recordCount == 3)
            #expect(figures.cellCount == 9)
            #expect(figures.valueCount == 8)
            let v = try #require(try queries.field("crm", "rows", "v").view.figures)
            #expect(v.valueCount == 2)
            #expect(v.distinctCount == 2)
            #expect(v.mean == 15)
            let w = try #require(try queries.field("crm", "rows", "w").view.figures)
            #expect(w.topValues.map(\.count) == [2, 1])
            await engine.server.put("/in/b.csv", .init("id,v,w\n1,40,y\n"))
            _ = try await engine.fetch()
            #expect(try queries.field("crm", "rows", "v").view.figures?.mean == 30)
            await engine.stop()
        }
    }

    @Test("a reload counts the same, says so, and finds what is wrong")
    func reload() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v\n1,10\n2,20\n"))
            let connection = try await engine.connect(entity: ["primary_key": .texts(["id"])])
            _ = try await engine.fetch()
            let run = try await engine.ended(try await connection.reloadStatistics(nil, requestID: "").number)
            #expect(run.state == .succeeded)
            #expect(run.stored.kind == RunKind.statistics.rawValue)
            #expect(
                try await engine.log(run.number).contains { $0.message == "statistics counted; all figures agree" })
            var unit = CommitUnit(Ownership(shard: connection.shard, epoch: UInt64.max))
            let state = try #require(try engine.store.read { try EntityState.load(in: $0, connection.shard, "rows") })
            let field = try #require(state.field("v"))
            var wrong = try #require(try Queries(engine.supervisor).field("crm", "rows", "v").view.figures)
            wrong.distinctCount = 7
            let key = KeyBuilder.key(connection.shard, entity: state.entity.number, field: field.number)
            unit.put(.fieldFigures, key, try wrong.encoded())
            unit.ownership.epoch = 1
            try await engine.store.commit(unit)
            let second = try await engine.ended(try await connection.reloadStatistics("rows", requestID: "").number)
            let said = try await engine.log(second.number).first { $0.message.hasSuffix("some figures differed") }
            #expect(said?.fields["figures"]?.contains("v: distinct_count") == true)
            #expect(try Queries(engine.supervisor).field("crm", "rows", "v").view.figures?.distinctCount == 2)
            await #expect(throws: CausewayError.self) { try await connection.reloadStatistics("none", requestID: "") }
            await engine.stop()
        }
    }

    @Test("a reload shows when it took place, also when no figure differs; a fetch leaves that as it is")
    func reloadTime() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v\n1,10\n"))
            let connection = try await engine.connect(entity: ["primary_key": .texts(["id"])])
            _ = try await engine.fetch()
            func figures() throws -> StoredEntityFigures {
                try #require(try Queries(engine.supervisor).entity("crm", "rows").entity.figures)
            }
            let before = try figures()
            #expect(before.reloadMicros == 0)
            for _ in 0..<2 {
                try await simulation.clock.sleep(for: .seconds(60))
                let now = simulation.clock.now
                _ = try await engine.ended(try await connection.reloadStatistics("rows", requestID: "").number)
                #expect(try figures().reloadMicros >= now.micros)
                #expect(try figures().settleMicros == figures().reloadMicros)
            }
            var same = try figures()
            same.settleMicros = before.settleMicros
            same.reloadMicros = 0
            #expect(same == before)
            let reloaded = try figures().reloadMicros
            try await simulation.clock.sleep(for: .seconds(60))
            await engine.server.put("/in/b.csv", .init("id,v\n2,10\n"))
            _ = try await engine.fetch()
            #expect(try figures().reloadMicros == reloaded)
            #expect(try figures().settleMicros > reloaded)
            await engine.stop()
        }
    }

    @Test("a type that becomes wider without any new record orders the values anew")
    func widenedAlone() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v\n1,10\n2,9\n3,200\n"))
            let connection = try await engine.connect(entity: ["primary_key": .texts(["id"])])
            _ = try await engine.fetch()
            func figures() throws -> StoredFieldFigures {
                try #require(try Queries(engine.supervisor).field("crm", "rows", "v").view.figures)
            }
            #expect(try String(decoding: figures().maximum, as: UTF8.self) == "200")
            #expect(try figures().hasMean)
            try await simulation.clock.sleep(for: .seconds(60))
            await engine.server.put("/in/b.csv", .init("id,v\n4,x\n"))
            #expect(try await engine.fetch(.metadata).stored.counters?.rowsNew == 0)
            #expect(
                try Queries(engine.supervisor).field("crm", "rows", "v").view.field.stored.type
                    == FieldType.text.rawValue)
            #expect(try String(decoding: figures().minimum, as: UTF8.self) == "10")
            #expect(try String(decoding: figures().maximum, as: UTF8.self) == "9")
            #expect(try !figures().hasMean)
            let kept = try figures()
            let run = try await engine.ended(try await connection.reloadStatistics(nil, requestID: "").number)
            #expect(try await engine.log(run.number).contains { $0.message.hasSuffix("all figures agree") })
            #expect(try figures() == kept)
            await engine.stop()
        }
    }

    @Test("figures are right after a run that was cancelled and after one that was interrupted")
    func stopped() throws {
        try Simulation.world { simulation in
            let server = ScriptedFileServer(folders: ["/in"], clock: simulation.clock, latency: .milliseconds(500))
            let change: @Sendable (inout EngineLimits) -> Void = {
                $0.readChunk = 8_192
                $0.batchRows = 500
            }
            let engine = try await EngineFixture.start(simulation, server: server, limits: change)
            await server.put("/in/a.csv", .init("id,v\n" + (0..<20_000).map { "\($0),value \($0)\n" }.joined()))
            let connection = try await engine.connect(entity: ["primary_key": .texts(["id"])])
            let run = try await connection.startFetch(.full)
            try await simulation.clock.sleep(for: .seconds(8))
            let cancelled = try await connection.cancelRun(run.number)
            #expect(cancelled.state == .cancelled)
            let entity = try Queries(engine.supervisor).entity("crm", "rows").entity
            #expect(entity.recordCount == cancelled.stored.counters?.rowsNew)
            #expect(entity.recordCount > 0)
            #expect(entity.figures?.recordCount == entity.recordCount)
            _ = try await connection.startFetch(.full)
            try await simulation.clock.sleep(for: .seconds(8))
            await engine.stop()
            #expect(try await engine.runs().map(\.state) == [.cancelled, .interrupted])
            let later = try await EngineFixture.start(simulation, store: engine.store, server: server, limits: change)
            try await simulation.clock.sleep(for: .seconds(1))
            #expect(try await later.ended(3).state == .succeeded)
            let settled = try Queries(later.supervisor).entity("crm", "rows").entity
            #expect(settled.figures?.recordCount == 20_000)
            await later.stop()
        }
    }
}
