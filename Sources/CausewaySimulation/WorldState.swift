import CausewayCore
import CausewayTestKit

/// What the parts of one world share. Touched on the simulation's thread only, as everything in a world is.
final class WorldState: @unchecked Sendable {
    let simulation: Simulation
    let plan: WorldPlan
    /// Which boot is alive; commits of earlier ones fail.
    var generation = 0
    /// From here on no faults: the world has to come to rest.
    var isCalm = false
    /// The store has stopped with an unknown outcome: the daemon exits and is started again.
    var wantsCrash = false
    var crashes = 0
    /// Sources that are connected now, by generation and connection.
    private var open: [Int: [String: Int]] = [:]
    /// What was seen that must not be.
    var violation: String?

    // What people were told.
    /// Runs whose start was acknowledged, by connection.
    var acknowledgedRuns: [String: [UInt64]] = [:]
    /// Display names in the order they were asked for, and how many of them up to the last acknowledged one.
    var names: [String: (asked: [String], acknowledged: Int)] = [:]
    /// Descriptions of the last acknowledged pause state, by connection; nil while a change is under way.
    var paused: [String: Bool] = [:]

    init(_ simulation: Simulation, _ plan: WorldPlan) {
        self.simulation = simulation
        self.plan = plan
    }

    func opened(_ connection: String, generation: Int) {
        open[generation, default: [:]][connection, default: 0] += 1
        let here = open[generation] ?? [:]
        if (here[connection] ?? 0) > 1 { violate("two runs of \(connection) at once") }
        if here.values.reduce(0, +) > plan.permits { violate("more runs at once than permits") }
    }

    func closed(_ connection: String, generation: Int) {
        open[generation]?[connection, default: 1] -= 1
    }

    func violate(_ what: String) {
        if violation == nil { violation = what }
        simulation.note("violation: \(what)")
    }
}
