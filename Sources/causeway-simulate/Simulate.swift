import ArgumentParser
import CausewaySimulation
import CausewayTestKit
import Glibc

/// Lives worlds from seeds and says what was wrong with them.
@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "causeway-simulate",
        abstract: "Run the engine in simulated worlds, one a seed.",
        discussion: """
            Each world has virtual time, faults, crashes and people drawn from its seed. The same seed of the same build \
            gives the same history.

            Examples:
              causeway-simulate --seeds 20000
              causeway-simulate --first 4711 --seeds 1 --events
              causeway-simulate --seeds 5000 --mutation split-commit --until-found
            """)

    @Option(help: "The first seed.") var first: UInt64 = 1
    @Option(help: "How many seeds.") var seeds: UInt64 = 1_000
    @Option(help: "A bug to plant: two-runs, split-commit, early-acknowledgement, lost-update.")
    var mutation: String?
    @Flag(help: "Stop at the first violation and count it as success: for planted bugs.") var untilFound = false
    @Flag(help: "Live every world twice and compare the traces.") var twice = false
    @Flag(help: "Print the last events of each world that is wrong.") var events = false

    func run() throws {
        let planted = try mutation.map { name in
            guard let mutation = Mutation(rawValue: name) else { throw ValidationError("\(name) is no mutation.") }
            return mutation
        }
        var total = (steps: 0, crashes: 0, seconds: Int64(0))
        var bad = 0
        for seed in first..<first + seeds {
            let outcome = World.run(seed: seed, mutation: planted)
            total.steps += outcome.steps
            total.crashes += outcome.crashes
            total.seconds += outcome.virtualTime.components.seconds
            if twice, World.run(seed: seed, mutation: planted).trace != outcome.trace {
                print("seed \(seed): two lives of the same seed differ")
                bad += 1
            }
            guard let violation = outcome.violation else { continue }
            bad += 1
            if untilFound {
                print("found by seed \(seed), the \(seed - first + 1)th: \(violation)")
                return
            }
            report(seed, violation, outcome, planted)
            if bad >= 5 { break }
        }
        print(
            "\(seeds) seeds, \(bad) violations, \(total.crashes) crashes, \(total.seconds / 3_600) virtual hours, "
                + "\(total.steps) jobs")
        if untilFound || bad > 0 { throw ExitCode(1) }
    }

    private func report(_ seed: UInt64, _ violation: String, _ outcome: World.Outcome, _ planted: Mutation?) {
        print("seed \(seed): \(violation)")
        let option = planted.map { " --mutation \($0.rawValue)" } ?? ""
        print("  replay: causeway-simulate --first \(seed) --seeds 1 --events\(option)")
        // Fewer faults that still go wrong are easier to read.
        var plan = WorldPlan(seed: seed)
        var needed: [String] = []
        for (name, part) in WorldPlan.parts where plan[keyPath: part] > 0 {
            let smaller = plan.without(part)
            if World.run(seed: seed, plan: smaller, mutation: planted).violation == nil {
                needed.append(name)
            } else {
                plan = smaller
            }
        }
        print("  needs: \(needed.isEmpty ? "no fault at all" : needed.joined(separator: ", "))")
        guard events else { return }
        for event in outcome.events.suffix(200) { print("  \(event.time) \(event.text)") }
    }
}
