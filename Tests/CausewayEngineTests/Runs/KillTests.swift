import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayTestKit
import Synchronization
import Testing

/// Work on what is in the store, ended behind every single commit of it: a start from there brings it to the same end.
@Suite struct KillTests {
    /// Keeps what is on disk behind each commit.
    private final class Tape: Sendable {
        private let state = Mutex<(store: MemoryStore?, images: [MemoryStore.Image])>((nil, []))

        func store() -> MemoryStore {
            let store = MemoryStore(gates: .init(after: { _, _ throws(CausewayError) in self.keep() }))
            state.withLock { $0.store = store }
            return store
        }

        private func keep() {
            state.withLock { state in
                if let image = state.store?.image { state.images.append(image) }
            }
        }

        /// Those since the last call. The world that wrote them is to be used no more after the last one.
        func take() -> [MemoryStore.Image] {
            state.withLock { state in
                defer { state.images = [] }
                return state.images
            }
        }
    }

    /// What people see of the entity's content.
    private struct Content: Hashable {
        var text: String
        var figures: [StoredFieldFigures]
        var repeated: Int64
        var quarantined: [String]
    }

    private func content(_ engine: EngineFixture) async throws -> Content {
        let queries = Queries(engine.supervisor)
        let fields = try ["id", "v", "w"].map { label in
            var figures = try queries.field("crm", "rows", label).view.figures ?? StoredFieldFigures()
            // When a record came depends on the kill.
            figures.dataUpdateMicros = 0
            return figures
        }
        return Content(
            text: try await engine.export(), figures: fields,
            repeated: try queries.entity("crm", "rows").entity.figures?.repeatedCellCount ?? -1,
            quarantined: try queries.quarantinedRows("crm", run: nil, before: nil, limit: 100).rows.map(\.row.reason))
    }

    /// Small units, so that there are many.
    private func limit(_ limits: inout EngineLimits) {
        limits.statistics.segmentsPerStep = 1
        limits.statistics.pendingRows = 1
        limits.statistics.unitBytes = 1
    }

    private let lenient: Settings = ["primary_key": .texts(["id"]), "ragged_rows": .text("pad")]

    private func fill(_ engine: EngineFixture) async throws {
        for file in 0..<6 {
            let rows = (0..<20).map { "\(file * 100 + $0),v\($0 % 3),\($0)\n" }.joined()
            await engine.server.put("/in/\(file).csv", .init("id,v,w\n\(rows)\(file * 100 + 50),short\n,no,key\n"))
        }
        try await engine.connect(entity: ["primary_key": .texts(["id"])])
        #expect(try await engine.fetch().stored.counters?.rowsQuarantined == 12)
        // Until its records are compacted.
        try await engine.simulation.clock.sleep(for: .seconds(5))
    }

    /// Boots from each image and waits for the last run's end.
    private func expect(
        _ content: Content, _ kind: RunKind, from images: [MemoryStore.Image], _ simulation: Simulation,
        server: ScriptedFileServer
    ) async throws {
        for (index, image) in images.enumerated() {
            let engine = try await EngineFixture.start(
                simulation, store: MemoryStore(image), server: server, limits: limit)
            try await simulation.clock.sleep(for: .seconds(30))
            let runs = try await engine.runs()
            let work = runs.filter { $0.stored.kind == kind.rawValue }
            #expect(work.last?.state == (content.quarantined.isEmpty || kind == .statistics ? .succeeded : .partial))
            #expect(work.dropLast().allSatisfy { $0.state == .interrupted }, "killed behind commit \(index)")
            #expect(work.count == 1 || work.last?.stored.trigger == RunTrigger.resume.rawValue)
            let new = work.reduce(0) { $0 + ($1.stored.counters?.rowsNew ?? 0) }
            #expect(new == (kind == .quarantineRetry ? 6 : 0), "killed behind commit \(index)")
            #expect(try await self.content(engine) == content, "killed behind commit \(index)")
            await engine.stop()
        }
    }

    @Test("rows in quarantine that are read again are each taken once")
    func retry() throws {
        try Simulation.world { simulation in
            let tape = Tape()
            let engine = try await EngineFixture.start(simulation, store: tape.store(), limits: limit)
            try await fill(engine)
            try await engine.set(lenient)
            _ = tape.take()
            let connection = try engine.supervisor.directory.connection("crm")
            let run = try await engine.ended(try await connection.retryQuarantined(.all, requestID: "").number)
            let images = tape.take()
            #expect(run.stored.counters?.rowsNew == 6)
            let expected = try await content(engine)
            #expect(expected.quarantined == Array(repeating: "EMPTY_PRIMARY_KEY", count: 6))
            #expect(expected.figures.map(\.rowCount) == [126, 126, 126])
            await engine.stop()
            #expect(images.count > 12)
            try await expect(expected, .quarantineRetry, from: images, simulation, server: engine.server)
        }
    }

    @Test("statistics that are counted anew come to the same numbers, also where the kept ones were wrong")
    func reload() throws {
        try Simulation.world { simulation in
            let tape = Tape()
            let engine = try await EngineFixture.start(simulation, store: tape.store(), limits: limit)
            try await fill(engine)
            let expected = try await content(engine)
            let connection = try engine.supervisor.directory.connection("crm")
            let state = try #require(try engine.store.read { try EntityState.load(in: $0, connection.shard, "rows") })
            let field = try #require(state.field("v"))
            var wrong = expected.figures[1]
            wrong.distinctCount = 7
            var unit = CommitUnit(Ownership(shard: connection.shard, epoch: 1))
            unit.put(
                .fieldFigures, KeyBuilder.key(connection.shard, entity: state.entity.number, field: field.number),
                try wrong.encoded())
            try await engine.store.commit(unit)
            _ = tape.take()
            let run = try await engine.ended(try await connection.reloadStatistics(nil, requestID: "").number)
            let images = tape.take()
            #expect(run.state == .succeeded)
            #expect(try await content(engine) == expected)
            await engine.stop()
            #expect(images.count > 5)
            try await expect(expected, .statistics, from: images, simulation, server: engine.server)
        }
    }

    @Test("records that are being compacted are the same behind every commit, and are compacted in the end")
    func compaction() throws {
        try Simulation.world { simulation in
            let tape = Tape()
            let small: @Sendable (inout EngineLimits) -> Void = {
                $0.statistics.pendingRows = 1
                $0.batchRows = 10
                $0.compaction.unitSegments = 4
            }
            let engine = try await EngineFixture.start(simulation, store: tape.store(), limits: small)
            try await fill(engine)
            // Waits for the end of a run, behind which the next one begins before the records are compacted.
            for version in 1..<5 {
                let rows = (0..<100).map { "\($0),w\(version),\($0 * version)\n" }.joined()
                await engine.server.put("/in/x\(version).csv", .init("id,v,w\n\(rows)"))
                _ = try await engine.fetch()
            }
            let expected = try await content(engine)
            _ = tape.take()
            try await simulation.clock.sleep(for: .seconds(60))
            let images = tape.take()
            #expect(images.count > 5)
            #expect(try await content(engine) == expected)
            let compacted = try engine.store.read { try $0.count(.segments, KeyRange(prefix: [])) }
            await engine.stop()
            for (index, image) in images.enumerated() {
                let store = MemoryStore(image)
                let later = try await EngineFixture.start(
                    simulation, store: store, server: engine.server, limits: small)
                #expect(try await content(later) == expected, "killed behind commit \(index)")
                let connection = try later.supervisor.directory.connection("crm")
                let run = try await later.ended(try await connection.reloadStatistics(nil, requestID: "").number)
                #expect(
                    try await later.log(run.number).contains { $0.message == "statistics counted; all figures agree" },
                    "killed behind commit \(index)")
                try await simulation.clock.sleep(for: .seconds(60))
                #expect(try await content(later) == expected, "killed behind commit \(index)")
                #expect(try store.read { try $0.count(.segments, KeyRange(prefix: [])) } == compacted)
                await later.stop()
            }
        }
    }

    @Test("a deleted connection goes to its last entry, and one that was not deleted is whole")
    func deletedConnection() throws {
        try Simulation.world { simulation in
            let tape = Tape()
            let engine = try await EngineFixture.start(simulation, store: tape.store(), limits: limit)
            try await fill(engine)
            let whole = try await content(engine)
            let shard = try engine.supervisor.directory.connection("crm").shard
            _ = tape.take()
            try await engine.supervisor.deleteConnection("crm")
            try await simulation.clock.sleep(for: .seconds(5))
            let images = tape.take()
            await engine.stop()
            #expect(images.count > 10)
            for (index, image) in images.enumerated() {
                let store = MemoryStore(image)
                let later = try await EngineFixture.start(simulation, store: store, server: engine.server)
                try await simulation.clock.sleep(for: .seconds(5))
                if later.supervisor.directory.count == 1 {
                    #expect(try await content(later) == whole, "killed behind commit \(index)")
                } else {
                    #expect(try left(in: store, KeyBuilder.key(shard)) == [], "killed behind commit \(index)")
                    // Its name is free.
                    try await later.connect()
                }
                await later.stop()
            }
        }
    }

    @Test("an entity's deleted data goes to its last entry, and is fetched again")
    func deletedData() throws {
        try Simulation.world { simulation in
            let tape = Tape()
            let engine = try await EngineFixture.start(simulation, store: tape.store(), limits: limit)
            try await fill(engine)
            let connection = try engine.supervisor.directory.connection("crm")
            let before = try Queries(engine.supervisor).entity("crm", "rows").entity.number
            _ = tape.take()
            #expect(try await connection.deleteEntityData("rows") == 120)
            try await simulation.clock.sleep(for: .seconds(5))
            let images = tape.take()
            await engine.stop()
            #expect(images.count > 5)
            for (index, image) in images.enumerated() {
                let store = MemoryStore(image)
                let later = try await EngineFixture.start(simulation, store: store, server: engine.server)
                try await simulation.clock.sleep(for: .seconds(5))
                let entity = try Queries(later.supervisor).entity("crm", "rows")
                let isWhole = entity.entity.number == before
                // Rows in quarantine go first, the records and their figures with the number, at once.
                #expect(isWhole == (index == 0), "killed behind commit \(index)")
                #expect(entity.quarantinedRows == 0)
                #expect(entity.figures.recordCount == (isWhole ? 120 : 0))
                let prefix = KeyBuilder.key(connection.shard, entity: before)
                #expect(try left(in: store, prefix).isEmpty == !isWhole, "killed behind commit \(index)")
                #expect(try store.read { try PurgeMarkTable.isSet(in: $0, connection.shard) } == false)
                #expect(try await later.fetch().stored.counters?.rowsNew == (isWhole ? 0 : 120))
                await later.stop()
            }
        }
    }

    /// Tables that have anything of it, but for who owns a shard.
    private func left(in store: MemoryStore, _ prefix: [UInt8]) throws -> [String] {
        try CausewayStore.Table.allCases.filter { $0 != .ownership }.filter { table in
            try store.read { try $0.count(table, KeyRange(prefix: prefix)) } > 0
        }.map(\.name)
    }
}
