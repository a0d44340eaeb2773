import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayTestKit
import Testing

@Suite struct FetchTests {
    @Test("new, updated and unchanged rows are told apart, and each run adds up")
    func counters() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v\n1,a\n2,b\n3,c\nbroken\n"))
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            let first = try await engine.fetch()
            #expect(first.state == .partial)
            #expect(first.stored.counters?.rowsNew == 3)
            #expect(first.stored.counters?.rowsQuarantined == 1)
            #expect(first.stored.counters?.rowsRead == 4)
            let again = try await engine.fetch()
            #expect(again.state == .succeeded)
            #expect(again.stored.counters?.filesSkipped == 1)
            #expect(again.stored.counters?.rowsRead == 0)
            await engine.server.put("/in/b.csv", .init("id,v\n2,B\n3,c\n4,d\n"))
            let third = try await engine.fetch()
            #expect(third.stored.counters?.rowsNew == 1)
            #expect(third.stored.counters?.rowsUpdated == 1)
            #expect(third.stored.counters?.rowsUnchanged == 1)
            #expect(try await engine.export() == "id,v\n1,a\n3,c\n2,B\n4,d\n")
            await engine.stop()
        }
    }

    @Test("a link cut in the middle of a file is taken up where it was cut", arguments: 1...10 as ClosedRange<UInt64>)
    func cutLink(seed: UInt64) throws {
        try Simulation.world(seed: seed) { simulation in
            let engine = try await EngineFixture.start(simulation) {
                $0.readChunk = 64
                $0.batchRows = 5
            }
            let text = "id,v\n" + (0..<60).map { "\($0),value \($0)\n" }.joined()
            await engine.server.put("/in/a.csv", .init(text))
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            for offset in [100, 333, 512] as [Int64] {
                await engine.server.plan(.init(.read, "/in/a.csv", atOffset: offset, .cutLink))
            }
            let run = try await engine.fetch()
            #expect(run.state == .succeeded)
            #expect(run.stored.counters?.reconnects == 3)
            #expect(run.stored.counters?.rowsNew == 60)
            #expect(run.stored.counters?.bytesRead == Int64(text.utf8.count))
            #expect(try await engine.export() == text)
            await engine.stop()
        }
    }

    @Test("a metadata fetch proposes fields and imports nothing")
    func metadataOnly() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,born,score\n1,2001-02-03,1.5\n2,2002-02-03,2\n"))
            try await engine.connect(entity: ["primary_key": .texts(["id"])])
            let run = try await engine.fetch(.metadata)
            #expect(run.state == .succeeded)
            #expect(run.stored.counters?.rowsRead == 0)
            let entity = try Queries(engine.supervisor).entity("crm", "rows")
            #expect(entity.figures.recordCount == 0)
            let fields = try Queries(engine.supervisor).fields("crm", "rows", after: nil, limit: 10).views
            let types = fields.map { FieldType(rawValue: $0.field.stored.type) }
            #expect(types == [.integer, .date, .decimal])
            // The ledger is as it was: the fetch that follows reads the file.
            #expect(try await engine.fetch().stored.counters?.rowsNew == 2)
            await engine.stop()
        }
    }

    @Test("a cancelled run keeps what is committed, and the next one goes on from there")
    func cancel() throws {
        try Simulation.world { simulation in
            let server = ScriptedFileServer(clock: simulation.clock, latency: .milliseconds(500))
            let engine = try await EngineFixture.start(simulation, server: server) {
                $0.readChunk = 8_192
                $0.batchRows = 500
            }
            let text = "id,v\n" + (0..<10_000).map { "\($0),value \($0)\n" }.joined()
            await server.put("/in/a.csv", .init(text))
            let connection = try await engine.connect(entity: ["primary_key": .texts(["id"])])
            let started = try await connection.startFetch(.full)
            try await simulation.clock.sleep(for: .seconds(8))
            let asked = simulation.clock.now
            let cancelled = try await connection.cancelRun(started.number)
            #expect(cancelled.state == .cancelled)
            #expect(simulation.clock.now - asked <= .seconds(1))
            let kept = cancelled.stored.counters?.rowsNew ?? 0
            #expect(kept > 0 && kept < 10_000)
            let next = try await engine.fetch()
            #expect(next.state == .succeeded)
            #expect(next.stored.counters?.rowsRead == 10_000 - kept)
            #expect(try await engine.export() == text)
            await engine.stop()
        }
    }

    @Test("a run without progress is stopped by its watchdog")
    func stall() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation) { $0.stallTimeout = .seconds(120) }
            await engine.server.put("/in/a.csv", .init("id\n1\n"))
            await engine.server.plan(.init(.read, "/in/a.csv", .delay(.seconds(90_000))))
            try await engine.connect()
            let before = simulation.clock.now
            let run = try await engine.fetch()
            #expect(run.state == .failed)
            #expect(run.stored.errorReason == "STALLED")
            #expect(simulation.clock.now - before < .seconds(200))
            await engine.stop()
        }
    }

    @Test("refused credentials hold the connection until it is reconnected")
    func needsReconnect() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            let connection = try await engine.connect()
            await engine.server.plan(
                .init(
                    .connect, nil, .fail(CausewayError(.unauthenticated, reason: "SIGN_IN_REFUSED", "Refused."))))
            let run = try await engine.fetch()
            #expect(run.state == .failed)
            #expect(run.stored.errorReason == "SIGN_IN_REFUSED")
            #expect(await connection.stateName == "needs-reconnect")
            await #expect(throws: CausewayError.self) { try await connection.startFetch(.full) }
            _ = try await connection.reconnect(signInMethod: "", credentials: [:], settings: [:], skipTest: false)
            #expect(await connection.stateName == "idle")
            #expect(try await engine.fetch().state == .succeeded)
            await engine.stop()
        }
    }

    @Test("files are moved once their rows are safe, and a failed move is made up for")
    func postAction() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id\n1\n"))
            try await engine.connect(entity: ["post_action": .text("move"), "archive_folder": .text("/done")])
            await engine.server.plan(.init(.move, nil, .fail(CausewayError(.permissionDenied, reason: "NO", "No."))))
            let first = try await engine.fetch()
            #expect(first.state == .partial)
            #expect(first.stored.counters?.rowsNew == 1)
            let second = try await engine.fetch()
            #expect(second.state == .succeeded)
            #expect(second.stored.counters?.rowsRead == 0)
            #expect(await engine.server.files.keys.sorted() == ["/done/a.csv"])
            await engine.stop()
        }
    }

    @Test(
        "a file that is replaced while it is read stays where it is until its new content was read",
        arguments: [
            "move", "delete",
        ])
    func postActionOfAChangedFile(_ action: String) throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id\n1\n"))
            try await engine.connect(entity: ["post_action": .text(action), "archive_folder": .text("/done")])
            await engine.server.plan(
                .init(
                    .read, "/in/a.csv", atOffset: 5,
                    .replace(Array("id\n2\n".utf8), modified: Timestamp(seconds: 1_700_000_100))))
            #expect(try await engine.fetch().stored.counters?.rowsNew == 1)
            #expect(await engine.server.files.keys.sorted() == ["/in/a.csv"])
            #expect(try await engine.fetch().stored.counters?.rowsRead == 1)
            #expect(await engine.server.files.keys.sorted() == (action == "move" ? ["/done/a.csv"] : []))
            #expect(try await engine.export() == "id\n2\n")
            await engine.stop()
        }
    }

    @Test("two versions of one size and one second are both read, and nothing is moved between them")
    func versionsOfOneSecond() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            let second = simulation.clock.now
            await engine.server.put("/in/a.csv", .init("id,v\n1,a\n", modified: second))
            try await engine.connect(entity: [
                "primary_key": .texts(["id"]), "post_action": .text("move"), "archive_folder": .text("/done"),
            ])
            #expect(try await engine.fetch().stored.counters?.rowsNew == 1)
            await engine.server.put("/in/a.csv", .init("id,v\n1,b\n", modified: second))
            try await simulation.clock.sleep(for: .seconds(2))
            #expect(try await engine.fetch().stored.counters?.rowsUpdated == 1)
            #expect(await engine.server.files.keys.sorted() == ["/done/a.csv"])
            #expect(try await engine.fetch().stored.counters?.filesListed == 0)
            await engine.stop()
        }
    }

    @Test("too many rows in quarantine make the run fail, and the rows are kept")
    func threshold() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init("id,v\n1,a\nx\ny\n"))
            try await engine.connect(entity: ["max_quarantined_rows": .integer(1)])
            let run = try await engine.fetch()
            #expect(run.state == .failed)
            #expect(run.stored.errorReason == "QUARANTINE_THRESHOLD_EXCEEDED")
            #expect(
                try Queries(engine.supervisor).quarantinedRows("crm", run: 1, before: nil, limit: 9).rows.count == 2)
            await engine.stop()
        }
    }

    @Test("one bad file does not keep the others from being read")
    func badFile() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            await engine.server.put("/in/a.csv", .init([0x1F, 0x8B, 8, 0, 0, 0]))
            await engine.server.put("/in/b.csv", .init("id\n1\n"))
            try await engine.connect()
            let run = try await engine.fetch()
            #expect(run.state == .partial)
            #expect(run.stored.counters?.filesFailed == 1)
            #expect(run.stored.counters?.rowsNew == 1)
            #expect(!run.stored.errorMessage.isEmpty)
            await engine.stop()
        }
    }

    @Test("the same request id gives the same run")
    func requestID() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            let connection = try await engine.connect()
            let first = try await connection.startFetch(.full, requestID: "r-1")
            _ = try await engine.ended(first.number)
            #expect(try await connection.startFetch(.full, requestID: "r-1").number == first.number)
            #expect(try await connection.startFetch(.full, requestID: "r-2").number == first.number + 1)
            await engine.stop()
        }
    }
}
