import CausewayCore
import CausewayEngine
import CausewayStore
import CausewayTestKit

extension World {
    /// From the first boot to the last check.
    func live() async {
        let simulation = state.simulation
        var random = SeededGenerator(seed: simulation.random.next())
        let files = await makeFiles(&random)
        guard var generation = await firstBoot() else { return }
        var crashes = state.plan.crashes
        let end = simulation.clock.uptime + .seconds(240)
        var people: [Task<Void, Never>] = []
        if state.plan.people { people = hire(generation) }
        while simulation.clock.uptime < end {
            try? await simulation.clock.sleep(for: .milliseconds(Int64(200 + random.below(20_000))))
            for (_, entry) in files.sorted(by: { $0.key < $1.key }) where random.below(4) == 0 {
                await entry.replaceOne(&random, at: simulation)
            }
            guard state.wantsCrash || (crashes > 0 && random.below(2) == 0) else { continue }
            if !state.wantsCrash { crashes -= 1 }
            people.forEach { $0.cancel() }
            for person in people { await person.value }
            await crash(generation)
            guard let next = await bootAgain() else { return }
            generation = next
            if state.plan.people { people = hire(generation) }
        }
        people.forEach { $0.cancel() }
        for person in people { await person.value }
        await calmDown(&generation)
        await check(generation, files)
        await generation.end()
    }

    private func makeFiles(_ random: inout SeededGenerator) async -> [String: ConnectionFiles] {
        var all: [String: ConnectionFiles] = [:]
        for (id, server) in servers.sorted(by: { $0.key < $1.key }) {
            let files = SimulatedFiles(
                connection: id, files: state.plan.filesPerConnection, rows: state.plan.rowsPerFile,
                faulty: random.below(2))
            let entry = ConnectionFiles(files, server, replacements: state.plan.replacements)
            await entry.putAll(at: state.simulation.clock.now - .seconds(3_600))
            all[id] = entry
        }
        return all
    }

    /// Boots until it works: the first boots may meet a fault.
    func bootAgain() async -> Generation? {
        for _ in 0..<50 {
            if let generation = await boot() { return generation }
            try? await state.simulation.clock.sleep(for: .seconds(1))
        }
        state.violate("the daemon does not come up")
        return nil
    }

    /// The first boot, and the connections, made by somebody who tries until they are.
    private func firstBoot() async -> Generation? {
        guard var generation = await bootAgain() else { return nil }
        for id in servers.keys.sorted() {
            var isMade = false
            for _ in 0..<100 where !isMade {
                if state.wantsCrash {
                    await crash(generation)
                    guard let next = await bootAgain() else { return nil }
                    generation = next
                }
                isMade = await make(id, generation)
                if !isMade { try? await state.simulation.clock.sleep(for: .seconds(1)) }
            }
            if !isMade { state.violate("\(id) cannot be made") }
        }
        return generation
    }

    private func make(_ id: String, _ generation: Generation) async -> Bool {
        let period: Duration = .seconds(60)
        let draft = ConnectionDraft(
            id: id, integration: "simulated", settings: ["server": .text(id)],
            entities: [
                EntitySettings(entity: "rows", settings: ["folder": .text("/in"), "primary_key": .texts(["id"])])
            ],
            schedule: Schedule(.every(period, anchor: state.simulation.clock.now)),
            credentials: ["password": Secret("p")])
        do {
            _ = try await generation.supervisor.createConnection(draft, skipTest: true)
            return true
        } catch {
            return error.reason == "CONNECTION_EXISTS"
        }
    }

    /// No more faults; what is under way comes to its end, and the schedule has its say a few more times.
    private func calmDown(_ generation: inout Generation) async {
        state.isCalm = true
        if state.wantsCrash {
            await crash(generation)
            guard let next = await bootAgain() else { return }
            generation = next
        }
        for id in servers.keys.sorted() {
            guard let connection = try? generation.supervisor.directory.connection(id) else { continue }
            _ = try? await connection.resume()
        }
        try? await state.simulation.clock.sleep(for: .seconds(200))
        // The last word: nothing starts any more, and what runs comes to its end.
        for id in servers.keys.sorted() {
            guard let connection = try? generation.supervisor.directory.connection(id) else { continue }
            _ = try? await connection.pause()
            while let number = await connection.currentRun {
                guard let changes = try? await connection.watch(number) else { break }
                for await _ in changes {}
            }
        }
    }
}

/// The files of one connection, where they lie.
actor ConnectionFiles {
    private(set) var files: SimulatedFiles
    private let server: ScriptedFileServer
    private var replacements: Int

    init(_ files: SimulatedFiles, _ server: ScriptedFileServer, replacements: Int) {
        self.files = files
        self.server = server
        self.replacements = replacements
    }

    func putAll(at time: Timestamp) async {
        for index in files.versions.indices {
            await server.put(SimulatedFiles.path(index), files.file(index, at: time))
        }
    }

    /// Somebody uploads a file anew, with other content.
    func replaceOne(_ random: inout SeededGenerator, at simulation: Simulation) async {
        guard replacements > 0 else { return }
        replacements -= 1
        let index = random.below(files.versions.count)
        files.replace(index)
        simulation.note("file \(index) replaced")
        await server.put(SimulatedFiles.path(index), files.file(index, at: simulation.clock.now))
    }
}
