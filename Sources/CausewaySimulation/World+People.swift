import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayTestKit

// People who ask for things, and remember what they were told.
extension World {
    func hire(_ generation: Generation) -> [Task<Void, Never>] {
        let spawner = state.simulation.spawner
        var people: [Task<Void, Never>] = []
        for id in servers.keys.sorted() {
            people.append(spawner { await self.fetchNowAndThen(id, generation) })
            people.append(spawner { await self.rename(id, generation) })
            people.append(spawner { await self.pauseAndResume(id, generation) })
        }
        return people
    }

    /// Returns false when the person is to go home.
    private func wait(upTo milliseconds: Int) async -> Bool {
        let pause = Duration.milliseconds(Int64(1 + state.simulation.draw(below: milliseconds)))
        return (try? await state.simulation.clock.sleep(for: pause)) != nil
    }

    private func fetchNowAndThen(_ id: String, _ generation: Generation) async {
        while await wait(upTo: 30_000) {
            guard let connection = try? generation.supervisor.directory.connection(id) else { continue }
            // Two at the same instant: one has to be refused.
            async let first = try? connection.startFetch(.full)
            async let second = try? connection.startFetch(.full)
            for run in [await first, await second].compactMap({ $0 }) where state.generation == generation.number {
                state.acknowledgedRuns[id, default: []].append(run.number)
            }
            guard state.simulation.chance(200), let number = await connection.currentRun else { continue }
            _ = try? await connection.cancelRun(number)
        }
    }

    private func rename(_ id: String, _ generation: Generation) async {
        while await wait(upTo: 8_000) {
            guard let connection = try? generation.supervisor.directory.connection(id) else { continue }
            var asked = state.names[id] ?? ([], 0)
            asked.asked.append("name \(asked.asked.count)")
            state.names[id] = asked
            var change = ConnectionChange()
            change.displayName = asked.asked.last
            guard (try? await connection.update(change)) != nil, state.generation == generation.number else { continue }
            state.names[id]?.acknowledged = asked.asked.count
        }
    }

    private func pauseAndResume(_ id: String, _ generation: Generation) async {
        while await wait(upTo: 8_000) {
            guard let connection = try? generation.supervisor.directory.connection(id) else { continue }
            let pausing = state.simulation.chance(400)
            state.paused[id] = nil
            let view = pausing ? try? await connection.pause() : try? await connection.resume()
            guard view != nil, state.generation == generation.number else { continue }
            state.paused[id] = pausing
            // What was told is what is kept, whatever else is changed at the same time.
            guard await wait(upTo: 500), let now = try? await connection.view() else { continue }
            if now.stored.paused != pausing { state.violate("\(id): an acknowledged pause was lost") }
        }
    }
}
