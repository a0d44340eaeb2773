import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayTestKit
import Testing

@Suite struct MetadataTests {
    private func changes(_ engine: EngineFixture) throws -> [[String]] {
        try Queries(engine.supervisor).metadataChanges("crm", "rows", before: nil, limit: 50).changes.map { entry in
            entry.change.fields.map { "\($0.kind) \($0.apiLabel) \($0.before)>\($0.after)" }
        }
    }

    @Test("each run that changes the metadata leaves one entry that says how")
    func history() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation) { $0.batchRows = 1 }
            await engine.server.put("/in/a.csv", .init("id,v\n1,2\n2,3\n"))
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            #expect(try await engine.fetch().state == .succeeded)
            #expect(try changes(engine) == [["1 id >integer", "1 v >integer"]])
            try await simulation.clock.sleep(for: .seconds(1))
            await engine.server.put("/in/b.csv", .init("id,w\n3,x\n4,y\n"))
            let second = try await engine.fetch()
            #expect(try changes(engine).first == ["3 v >", "1 w >text"])
            #expect(try await engine.log(second.number).contains { $0.message == "columns are missing" })
            try await simulation.clock.sleep(for: .seconds(1))
            await engine.server.put("/in/c.csv", .init("id,v,w\n5,1.5,z\n"))
            _ = try await engine.fetch()
            #expect(try changes(engine).first == ["2 v integer>decimal", "4 v >"])
            #expect(try changes(engine).count == 3)
            _ = try await engine.fetch()
            #expect(try changes(engine).count == 3)
            await engine.stop()
        }
    }

    @Test("what people say about a field survives fetches, also when they say it in the middle of a run")
    func edits() throws {
        try Simulation.world { simulation in
            let server = ScriptedFileServer(folders: ["/in"], clock: simulation.clock, latency: .milliseconds(100))
            let engine = try await EngineFixture.start(simulation, server: server) {
                $0.readChunk = 64
                $0.batchRows = 4
                $0.readAhead = 1
            }
            await server.put("/in/a.csv", .init("id,v\n" + (0..<200).map { "\($0),x\($0)\n" }.joined()))
            let connection = try await engine.connect(entity: ["primary_key": .texts(["id"])])
            let run = try await connection.startFetch(.full)
            for await view in try await connection.watch(run.number) where view.stored.counters?.rowsNew ?? 0 > 20 {
                break
            }
            var edit = FieldEdit()
            edit.displayName = "Value"
            edit.required = true
            edit.sensitive = true
            try await connection.updateField("rows", "v", edit)
            try await connection.updateEntity("rows", displayName: "Customers")
            #expect(try await engine.ended(run.number).state == .succeeded)
            await server.put("/in/b.csv", .init("id,v\n300,1\n"))
            #expect(try await engine.fetch().state == .succeeded)
            let (entity, field) = try Queries(engine.supervisor).field("crm", "rows", "v")
            #expect(entity.displayName == "Customers")
            #expect(entity.recordCount == 201)
            #expect(field.field.stored.displayName == "Value")
            #expect(field.field.stored.required)
            #expect(field.field.stored.sensitive)
            #expect(
                try changes(engine).contains(["5 v display_name>Value", "5 v required>true", "5 v sensitive>true"]))
            await #expect(throws: CausewayError.self) { try await connection.updateField("rows", "none", edit) }
            await engine.stop()
        }
    }

    @Test("new columns and wider types are taken, held, or fail the run, as the policy says")
    func drift() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v\n1,2\n"))
            try await engine.connect(entity: ["primary_key": .texts(["id"]), "schema_policy": .text("hold")])
            #expect(try await engine.fetch().state == .succeeded)
            await engine.server.put("/in/b.csv", .init("id,v,w\n2,3,4\n"))
            await engine.server.put("/in/c.csv", .init("id,v\n3,3\n"))
            let held = try await engine.fetch()
            #expect(held.state == .partial)
            #expect(held.stored.counters?.filesHeld == 1)
            #expect(held.stored.counters?.rowsNew == 1)
            #expect(
                try await engine.log(held.number).contains { ($0.fields["error"] ?? "").contains("new columns: w") })
            try await engine.set(["primary_key": .texts(["id"]), "schema_policy": .text("fail")])
            let failed = try await engine.fetch()
            #expect(failed.state == .failed)
            #expect(failed.stored.errorReason == "SCHEMA_CHANGED")
            #expect(failed.stored.errorMessage.contains("new columns: w"))
            try await engine.set(["primary_key": .texts(["id"])])
            let taken = try await engine.fetch()
            #expect(taken.state == .succeeded)
            #expect(taken.stored.counters?.rowsNew == 1)
            #expect(try await engine.export() == "id,v,w\n1,2,\n3,3,\n2,3,4\n")
            await engine.stop()
        }
    }

    @Test("an entity's data goes, and what was fetched is fetched again")
    func deletion() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v\n1,2\n2,3\n"))
            let connection = try await engine.connect(entity: ["primary_key": .texts(["id"])])
            _ = try await engine.fetch()
            let before = try Queries(engine.supervisor).entity("crm", "rows")
            #expect(try await connection.deleteEntityData("rows") == 2)
            let after = try Queries(engine.supervisor).entity("crm", "rows")
            #expect(after.figures.recordCount == 0)
            #expect(after.figures.fieldCount == 0)
            #expect(after.entity.number != before.entity.number)
            try await simulation.clock.sleep(for: .seconds(1))
            let left = try engine.store.read { transaction in
                try [CausewayStore.Table.segments, .keys, .fields, .files, .days].reduce(0) { sum, table in
                    let prefix = KeyBuilder.key(connection.shard, entity: before.entity.number)
                    return sum + (try transaction.count(table, KeyRange(prefix: prefix)))
                }
            }
            #expect(left == 0)
            #expect(try await engine.fetch().stored.counters?.rowsNew == 2)
            await engine.stop()
        }
    }

    @Test("with an entity's data its rows in quarantine go, those of others stay, and their numbers are not used again")
    func deletionOfQuarantine() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v\n1,2\nx\ny\n"))
            let connection = try await engine.connect(entity: ["primary_key": .texts(["id"])])
            _ = try await engine.fetch()
            let shard = connection.shard
            var unit = CommitUnit(Ownership(shard: shard, epoch: 1))
            var other = try #require(try engine.store.read { try QuarantineTable.get(in: $0, shard, 1) })
            other.entity = "others"
            try engine.store.read { transaction in
                var counters = try QuarantineCounters(in: transaction, shard)
                for _ in 0..<3_000 {
                    try QuarantineTable.put(into: &unit, counters.add(1, of: "others"), other)
                }
                other.entity = "rows"
                for _ in 0..<5_000 { try QuarantineTable.put(into: &unit, counters.add(1, of: "rows"), other) }
                counters.put(into: &unit)
            }
            try await engine.store.commit(unit)
            #expect(try Queries(engine.supervisor).entity("crm", "rows").quarantinedRows == 5_002)
            #expect(try await connection.deleteEntityData("rows") == 1)
            let queries = Queries(engine.supervisor)
            #expect(try queries.entity("crm", "rows").quarantinedRows == 0)
            let left = try engine.store.read { try QuarantineTable.counts(in: $0, shard) }
            #expect(left == ["others": 3_000])
            #expect(try engine.store.read { try QuarantineCounters(in: $0, shard).counts } == left)
            #expect(try await engine.fetch().stored.counters?.rowsQuarantined == 2)
            let rows = try queries.quarantinedRows("crm", run: nil, before: nil, limit: 2).rows
            #expect(rows.map(\.sequence) == [8_004, 8_003])
            await engine.stop()
        }
    }

    @Test("while a run is in progress an entity's data cannot be deleted")
    func deletionInRun() throws {
        try Simulation.world { simulation in
            let server = ScriptedFileServer(folders: ["/in"], clock: simulation.clock, latency: .milliseconds(100))
            let engine = try await EngineFixture.start(simulation, server: server)
            await server.put("/in/a.csv", .init("id,v\n1,2\n"))
            let connection = try await engine.connect()
            let run = try await connection.startFetch(.full)
            let refusal = await #expect(throws: CausewayError.self) { try await connection.deleteEntityData("rows") }
            #expect(refusal?.code == .failedPrecondition)
            #expect(refusal?.reason == "RUN_IN_PROGRESS")
            _ = try await engine.ended(run.number)
            await engine.stop()
        }
    }

    @Test("files that were read are read again when somebody asks")
    func again() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v\n1,2\n2,3\n"))
            let connection = try await engine.connect(entity: ["primary_key": .texts(["id"])])
            _ = try await engine.fetch()
            let run = try await engine.ended(
                connection.startFetch(.full, scope: RunScope(again: true)).number)
            #expect(run.stored.counters?.filesSkipped == 0)
            #expect(run.stored.counters?.rowsUnchanged == 2)
            await engine.stop()
        }
    }
}
