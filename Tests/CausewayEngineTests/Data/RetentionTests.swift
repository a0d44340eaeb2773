import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayTestKit
import Testing

@Suite struct RetentionTests {
    @Test("logs, runs and rows in quarantine go by age, by default and once a day")
    func byAge() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v\n1,a\nbroken\n"))
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            _ = try await engine.fetch()
            _ = try await engine.fetch()
            try await simulation.clock.sleep(for: .seconds(32 * 86_400))
            #expect(try await engine.runs().count == 2)
            #expect(try await engine.log(1).isEmpty)
            #expect(try await !engine.log(2).isEmpty)
            let queries = Queries(engine.supervisor)
            #expect(try queries.entity("crm", "rows").quarantinedRows == 1)
            try await simulation.clock.sleep(for: .seconds(60 * 86_400))
            #expect(try await engine.runs().map(\.number) == [2])
            #expect(try queries.entity("crm", "rows").quarantinedRows == 0)
            await engine.stop()
        }
    }

    @Test("the oldest rows in quarantine go when there are more than are kept, after a run")
    func bySize() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            var retention = StoredRetention()
            retention.quarantineRows = 2
            let kept = try await engine.supervisor.updateOrganisation(
                displayName: nil, timeZone: nil, retention: retention)
            #expect(kept.retention?.quarantineRows == 2)
            await engine.server.put("/in/a.csv", .init("id,v\nx\ny\nz\n1,a\n"))
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            _ = try await engine.fetch()
            try await simulation.clock.sleep(for: .seconds(1))
            let rows = try Queries(engine.supervisor).quarantinedRows("crm", run: nil, before: nil, limit: 10).rows
            #expect(rows.map(\.sequence) == [3, 2])
            #expect(try Queries(engine.supervisor).entity("crm", "rows").quarantinedRows == 2)
            retention.quarantineRows = -5
            await #expect(throws: CausewayError.self) {
                try await engine.supervisor.updateOrganisation(displayName: nil, timeZone: nil, retention: retention)
            }
            await engine.stop()
        }
    }

    @Test("what the organisation says of each counts: days of runs, of logs, of rows in quarantine")
    func bySettings() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            var retention = StoredRetention()
            (retention.runDays, retention.logDays, retention.quarantineDays) = (20, 5, 10)
            _ = try await engine.supervisor.updateOrganisation(displayName: nil, timeZone: nil, retention: retention)
            await engine.server.put("/in/a.csv", .init("id,v\n1,a\nbroken\n"))
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            for _ in 0..<2 { _ = try await engine.fetch() }
            let queries = Queries(engine.supervisor)
            func kept() async throws -> [Int] {
                let rows = try queries.entity("crm", "rows").quarantinedRows
                return [try await engine.runs().count, try await engine.log(1).isEmpty ? 0 : 1, Int(rows)]
            }
            for (days, expected) in [(4, [2, 1, 1]), (4, [2, 0, 1]), (5, [2, 0, 0])] {
                try await simulation.clock.sleep(for: .seconds(days * 86_400))
                #expect(try await kept() == expected)
            }
            try await simulation.clock.sleep(for: .seconds(10 * 86_400))
            #expect(try await engine.runs().map(\.number) == [2])
            await engine.stop()
        }
    }

    @Test("by default only the last runs are kept, and all of them when somebody says for how long")
    func byCount() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation) { $0.keptRuns = 2 }
            try await engine.connect()
            for _ in 0..<4 { _ = try await engine.fetch() }
            #expect(try await engine.runs().map(\.number) == [3, 4])
            var retention = StoredRetention()
            retention.runDays = -1
            _ = try await engine.supervisor.updateOrganisation(displayName: nil, timeZone: nil, retention: retention)
            for _ in 0..<3 { _ = try await engine.fetch() }
            #expect(try await engine.runs().map(\.number) == [3, 4, 5, 6, 7])
            await engine.stop()
        }
    }
}
