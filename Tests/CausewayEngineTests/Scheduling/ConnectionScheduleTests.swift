import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayTestKit
import Testing

@Suite struct ConnectionScheduleTests {
    private static let hourly = Schedule(.every(.seconds(3_600), anchor: Timestamp(seconds: 0)))
    private typealias Schedule = CausewayCore.Schedule

    @Test("a period counts from when it was set; a manual run does not move it, an edit does")
    func anchor() throws {
        try Simulation.world { simulation in
            let engine = try await EngineFixture.start(simulation)
            let start = simulation.clock.now
            let connection = try await engine.connect(Self.hourly)
            try await simulation.clock.sleep(for: .seconds(1_800))
            _ = try await engine.fetch()
            #expect(await connection.nextSlot == start + .seconds(3_600))
            try await simulation.clock.sleep(for: .seconds(1_900))
            let runs = try await engine.runs()
            #expect(runs.map(\.stored.trigger) == [RunTrigger.manual.rawValue, RunTrigger.schedule.rawValue])
            #expect(runs.last?.stored.slotMicros == (start + .seconds(3_600)).micros)

            var change = ConnectionChange()
            change.schedule = Self.hourly
            _ = try await connection.update(change)
            #expect(await connection.nextSlot == start + .seconds(7_200), "the same schedule again changes nothing")
            change.schedule = Schedule(.every(.seconds(7_200), anchor: Timestamp(seconds: 0)))
            let edited = simulation.clock.now
            _ = try await connection.update(change)
            #expect(await connection.nextSlot == edited + .seconds(7_200))
            await engine.stop()
        }
    }

    @Test("a slot that finds a run in progress is skipped and says so")
    func overlap() throws {
        try Simulation.world { simulation in
            let server = ScriptedFileServer(
                files: ["/in/a.csv": .init("id\n1\n")], clock: simulation.clock, latency: .seconds(700))
            let engine = try await EngineFixture.start(simulation, server: server) {
                $0.stallTimeout = .seconds(90_000)
            }
            let connection = try await Self.slow(engine)
            try await simulation.clock.sleep(for: .seconds(3_000))
            let skipped = try await connection.explainSchedule(nil, count: 1).skipped
            #expect(skipped.contains { $0.value.reason == SkipReason.runInProgress.rawValue })
            await engine.stop()
        }
    }

    /// Every ten minutes, with a source that takes longer than that.
    private static func slow(_ engine: EngineFixture) async throws -> CausewayEngine.Connection {
        _ = try await engine.supervisor.createConnection(
            ConnectionDraft(
                id: "crm", integration: "scripted", settings: [:],
                entities: [
                    CausewayCore.EntitySettings(
                        entity: "rows", settings: ["folder": .text("/in"), "quiet_period": .text("0s")])
                ],
                schedule: Schedule(.every(.seconds(600), anchor: Timestamp(seconds: 0))), credentials: [:]),
            skipTest: true)
        return try engine.supervisor.directory.connection("crm")
    }

    @Test("slots missed while nothing ran make one run, or none", arguments: [Schedule.CatchUp.runOnce, .skip])
    func missed(catchUp: CausewayCore.Schedule.CatchUp) throws {
        try Simulation.world { simulation in
            let store = MemoryStore()
            var engine = try await EngineFixture.start(simulation, store: store)
            try await engine.connect(Schedule(Self.hourly.kind, catchUp: catchUp))
            await engine.stop()
            try await simulation.clock.sleep(for: .seconds(5 * 3_600 + 60))
            engine = try await EngineFixture.start(simulation, store: store)
            try await simulation.clock.sleep(for: .seconds(60))
            let runs = try await engine.runs()
            let connection = try engine.supervisor.directory.connection("crm")
            let skipped = try await connection.explainSchedule(nil, count: 1).skipped
            switch catchUp {
            case .runOnce:
                #expect(runs.map(\.stored.trigger) == [RunTrigger.catchUp.rawValue])
                #expect(skipped.reduce(0) { $0 + $1.value.count } == 4)
            case .skip:
                #expect(runs.isEmpty)
                #expect(skipped.reduce(0) { $0 + $1.value.count } == 5)
            }
            #expect(await connection.nextSlot ?? simulation.clock.now > simulation.clock.now)
            await engine.stop()
        }
    }

    @Test("daily at 02:30 fires once each local date, across both changes of the clocks")
    func daily() throws {
        let zones = try FoundationTimeZones()
        for (zone, start) in [
            // Ten days around the changes of March and October 2026, and of April and October in Lord Howe.
            ("Europe/Paris", Int64(1_774_310_400)), ("Europe/Paris", 1_792_454_400),
            ("America/New_York", 1_772_582_400), ("America/New_York", 1_793_404_800),
            ("Australia/Lord_Howe", 1_774_915_200), ("Australia/Lord_Howe", 1_790_640_000),
            ("Asia/Kolkata", 1_774_310_400),
        ] {
            try Simulation.world(origin: Timestamp(seconds: start)) { simulation in
                let engine = try await EngineFixture.start(simulation, zones: zones)
                guard let time = LocalTime(hour: 2, minute: 30) else { return }
                try await engine.connect(Schedule(.daily(time, zone: zone)))
                try await simulation.clock.sleep(for: .seconds(10 * 86_400))
                let dates = try await engine.runs().map { run in
                    try zones.local(Timestamp(micros: run.stored.slotMicros), in: zone).date
                }
                #expect(Set(dates).count == dates.count, "\(zone): twice on one date")
                #expect((9...11).contains(dates.count), "\(zone): \(dates.count) runs in ten days")
                for (date, next) in zip(dates, dates.dropFirst()) {
                    #expect(next == date.adding(days: 1), "\(zone): no run on the date after \(date)")
                }
                await engine.stop()
            }
        }
    }

    @Test("a change of the organisation's zone moves daily schedules that have none of their own")
    func organisationZone() throws {
        let zones = try FoundationTimeZones()
        try Simulation.world(origin: Timestamp(seconds: 1_768_435_200)) { simulation in
            let engine = try await EngineFixture.start(simulation, zones: zones)
            guard let time = LocalTime(hour: 2, minute: 30) else { return }
            let connection = try await engine.connect(Schedule(.daily(time, zone: nil)))
            let before = await connection.nextSlot
            _ = try await engine.supervisor.updateOrganisation(displayName: nil, timeZone: "America/New_York")
            #expect(await connection.nextSlot == before.map { $0 + .seconds(5 * 3_600) })
            await engine.stop()
        }
    }
}
