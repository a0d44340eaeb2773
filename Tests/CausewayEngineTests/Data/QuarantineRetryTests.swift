import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayTestKit
import Testing

@Suite struct QuarantineRetryTests {
    private func retry(_ engine: EngineFixture, _ subject: QuarantineSubject = .all) async throws -> RunView {
        let connection = try engine.supervisor.directory.connection("crm")
        return try await engine.ended(try await connection.retryQuarantined(subject, requestID: "").number)
    }

    @Test("rows are read again by the settings as they are now; those that can be taken leave quarantine")
    func retry() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v,w\n1,a,x\nbroken\n2,b\n,c,d\n3,c,y\n"))
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            #expect(try await engine.fetch().stored.counters?.rowsQuarantined == 3)
            let same = try await retry(engine)
            #expect(same.state == .partial)
            #expect(same.stored.counters?.rowsRead == 3)
            #expect(same.stored.counters?.rowsQuarantined == 3)
            try await engine.set(["primary_key": .texts(["id"]), "ragged_rows": .text("pad")])
            let run = try await retry(engine)
            #expect(run.stored.kind == RunKind.quarantineRetry.rawValue)
            #expect(run.state == .partial)
            #expect(run.stored.counters?.rowsRead == 3)
            #expect(run.stored.counters?.rowsNew == 2)
            #expect(run.stored.counters?.rowsQuarantined == 1)
            let queries = Queries(engine.supervisor)
            let left = try queries.quarantinedRows("crm", run: nil, before: nil, limit: 10).rows
            #expect(left.map(\.row.reason) == ["EMPTY_PRIMARY_KEY"])
            #expect(try queries.entity("crm", "rows").quarantinedRows == 1)
            let records = try queries.records("crm", "rows", before: nil, limit: 10).page.records
            let taken = records.filter { $0.provenance.run == run.number }
            #expect(Set(taken.map(\.sourceRow)) == [2, 3])
            #expect(taken.allSatisfy { $0.provenance.source == "/in/a.csv" })
            await engine.stop()
        }
    }

    @Test("one row or those of one run are tried, and numbers are never used again")
    func subjects() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v\n1\n2\n3,c\n"))
            let connection = try await engine.connect(entity: ["primary_key": .texts(["id"])])
            _ = try await engine.fetch()
            await engine.server.put("/in/b.csv", .init("id,v\n4\n5\n6,c\n"))
            let second = try await engine.fetch()
            try await engine.set(["primary_key": .texts(["id"]), "ragged_rows": .text("pad")])
            #expect(try await retry(engine, .row(1)).stored.counters?.rowsNew == 1)
            #expect(try await retry(engine, .run(second.number)).stored.counters?.rowsNew == 2)
            await #expect(throws: CausewayError.self) { try await connection.retryQuarantined(.row(1), requestID: "") }
            #expect(try await connection.dropQuarantinedRows([2, 99]) == 1)
            #expect(try Queries(engine.supervisor).entity("crm", "rows").quarantinedRows == 0)
            try await engine.set(["primary_key": .texts(["id"])])
            await engine.server.put("/in/c.csv", .init("id,v\n7\n8,c\n"))
            _ = try await engine.fetch()
            let rows = try Queries(engine.supervisor).quarantinedRows("crm", run: nil, before: nil, limit: 10).rows
            #expect(rows.map(\.sequence) == [5])
            await engine.stop()
        }
    }

    @Test("rows of JSON files are read again too, and bring columns batch by batch")
    func json() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation) { $0.batchRows = 1 }
            let text = "{\"id\": 1, \"v\": \"a\"}\n{\"v\": \"no id\"}\n{\"id\": 2, \"w\": true}\n"
            await engine.server.put("/in/a.jsonl", .init(text))
            await engine.server.put("/in/b.jsonl", .init("{\"x\": 1}\n"))
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            let run = try await engine.fetch()
            #expect(run.stored.counters?.rowsNew == 2)
            #expect(run.stored.counters?.rowsQuarantined == 2)
            #expect(try await engine.export().hasPrefix("id,v,w\n"))
            #expect(try await retry(engine).stored.counters?.rowsQuarantined == 2)
            #expect(try await engine.fetch().stored.counters?.filesSkipped == 2)
            await engine.stop()
        }
    }

    @Test("a file of rejected JSON rows alone is known to have been read")
    func jsonWithoutColumns() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.jsonl", .init("{\"id\": 1,,}\n{\"id\": 2,,}\n"))
            try await engine.connect()
            let run = try await engine.fetch()
            #expect(run.stored.counters?.rowsRead == 2)
            #expect(run.stored.counters?.rowsQuarantined == 2)
            #expect(try await engine.fetch().stored.counters?.filesSkipped == 1)
            await engine.stop()
        }
    }

    @Test("a row that is tried again does not replace a record that came later, and leaves quarantine")
    func superseded() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v\n1,a,+\n2,b\n2,c,+\n3,d,+\n3,e\n4,f,+\n"))
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            _ = try await engine.fetch()
            await engine.server.put("/in/b.csv", .init("id,v\n1,later\n"))
            _ = try await engine.fetch()
            try await engine.set(["primary_key": .texts(["id"]), "ragged_rows": .text("truncate")])
            let run = try await retry(engine)
            #expect(run.state == .succeeded)
            let counters = try #require(run.stored.counters)
            #expect(counters.rowsRead == 4)
            #expect(counters.rowsNew == 1)
            #expect(counters.rowsUpdated == 1)
            #expect(counters.rowsUnchanged == 2)
            #expect(counters.rowsSuperseded == 2)
            #expect(try await engine.log(run.number).contains { $0.fields["superseded"] == "2" })
            #expect(try Queries(engine.supervisor).entity("crm", "rows").quarantinedRows == 0)
            #expect(
                try await engine.export().split(separator: "\n").sorted().dropLast() == [
                    "1,later", "2,c", "3,e", "4,f",
                ])
            await engine.stop()
        }
    }

    @Test(
        "in whatever order rows are tried again, each key keeps its last row", arguments: 1...12 as ClosedRange<UInt64>)
    func anyOrder(_ seed: UInt64) throws {
        try Simulation.world(seed: seed) { simulation in
            var random = RandomGenerator(simulation.random)
            let engine = try await EngineFixture.start(simulation) { $0.batchRows = Int(seed) * 3 }
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            var last: [Int: String] = [:]
            let strict: Settings = ["primary_key": .texts(["id"])]
            let lenient: Settings = ["primary_key": .texts(["id"]), "ragged_rows": .text("truncate")]
            var tried: [UInt64] = []
            for file in 0..<3 {
                var text = "id,v\n"
                for row in 0..<40 {
                    let key = Int.random(in: 0..<12, using: &random)
                    last[key] = "f\(file)r\(row)"
                    text += "\(key),f\(file)r\(row)\(Bool.random(using: &random) ? ",+" : "")\n"
                }
                await engine.server.put("/in/\(file).csv", .init(text))
                try await engine.set(strict)
                _ = try await engine.fetch()
                try await engine.set(lenient)
                let rows = try Queries(engine.supervisor)
                    .quarantinedRows("crm", run: nil, before: nil, limit: 200).rows.map(\.sequence)
                for row in rows.shuffled(using: &random).prefix(8) {
                    let run = try await retry(engine, .row(row))
                    #expect(run.state == .succeeded)
                    tried.append(row)
                }
            }
            #expect(try await retry(engine).state == .succeeded)
            #expect(Set(tried).count == tried.count)
            let expected = last.map { "\($0.key),\($0.value)" }.sorted()
            #expect(try await engine.export().split(separator: "\n").dropFirst().map(String.init).sorted() == expected)
            let reload = try engine.supervisor.directory.connection("crm")
            let run = try await engine.ended(try await reload.reloadStatistics(nil, requestID: "").number)
            #expect(try await engine.log(run.number).contains { $0.message.hasSuffix("all figures agree") })
            await engine.stop()
        }
    }
}
