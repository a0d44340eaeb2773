import CausewayCore
import CausewayEngine
import CausewayMessages
import CausewayStore
import CausewayTestKit

// What has to be true when everything has come to rest.
extension World {
    func check(_ generation: Generation, _ files: [String: ConnectionFiles]) async {
        for (id, entry) in files.sorted(by: { $0.key < $1.key }) {
            do {
                try await check(id, await entry.files, generation)
            } catch {
                state.violate("\(id): \(error)")
            }
        }
        let permits = generation.supervisor.context.permits.figures
        if permits.running + permits.waiting > 0 { state.violate("permits are still out") }
    }

    private func check(_ id: String, _ files: SimulatedFiles, _ generation: Generation) async throws {
        let connection = try generation.supervisor.directory.connection(id)
        let queries = Queries(generation.supervisor)
        let view = try queries.entity(id, "rows")
        var text: [UInt8] = []
        try await queries.export(id, "rows", .csv) { piece, _ in text += piece }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").dropFirst().map(String.init).sorted()
        if lines != files.expected {
            state.violate("\(id): \(lines.count) records, \(files.expected.count) expected, or with other values")
        }
        if view.figures.recordCount != Int64(lines.count) {
            state.violate("\(id): the figures say \(view.figures.recordCount) records, there are \(lines.count)")
        }
        try await checkRuns(id, connection, records: lines.count)
        let stored = try await connection.view().stored
        let names = state.names[id] ?? ([], 0)
        if names.acknowledged > 0, !names.asked[(names.acknowledged - 1)...].contains(stored.displayName) {
            state.violate("\(id): an acknowledged name was lost")
        }
    }

    private func checkRuns(_ id: String, _ connection: CausewayEngine.Connection, records: Int) async throws {
        var runs: [RunView] = []
        while true {
            let page = try await connection.runs(before: runs.last?.number, limit: 500)
            guard !page.isEmpty else { break }
            runs += page
        }
        var new: Int64 = 0
        for run in runs {
            if !run.state.isEnded { state.violate("\(id): run \(run.number) has not ended") }
            let counters = run.stored.counters ?? StoredCounters()
            new += counters.rowsNew
            let accounted =
                counters.rowsNew + counters.rowsUpdated + counters.rowsUnchanged + counters.rowsQuarantined
            if counters.rowsRead != accounted { state.violate("\(id): run \(run.number) does not add up") }
        }
        if new != Int64(records) { state.violate("\(id): the runs took \(new) new records, there are \(records)") }
        let known = Set(runs.map(\.number))
        if let lost = (state.acknowledgedRuns[id] ?? []).first(where: { !known.contains($0) }) {
            state.violate("\(id): the acknowledged run \(lost) was lost")
        }
    }
}
