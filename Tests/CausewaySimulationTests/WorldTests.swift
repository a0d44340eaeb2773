import CausewaySimulation
import CausewayTestKit
import Testing

@Suite struct WorldTests {
    @Test("worlds come right in the end", arguments: 1...12 as ClosedRange<UInt64>)
    func comesRight(seed: UInt64) {
        let outcome = World.run(seed: seed)
        #expect(outcome.violation == nil, "replay: causeway-simulate --first \(seed) --seeds 1 --events")
        #expect(outcome.steps > 100)
    }

    @Test("the same seed has the same history", arguments: [3, 5, 98] as [UInt64])
    func replays(seed: UInt64) {
        let first = World.run(seed: seed)
        let second = World.run(seed: seed)
        #expect(first.trace == second.trace)
        #expect(first.events == second.events)
        #expect(World.run(seed: seed + 1).trace != first.trace)
    }

    @Test("planted bugs are found", arguments: Mutation.allCases)
    func mutations(mutation: Mutation) {
        let found = (1...150 as ClosedRange<UInt64>).first { World.run(seed: $0, mutation: mutation).violation != nil }
        #expect(found != nil, "\(mutation) was not seen: the simulation is blind")
    }
}
