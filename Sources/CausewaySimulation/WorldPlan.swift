import CausewayCore
import CausewayTestKit

/// What one seed makes of a world: which faults exist in it and how often, how much there is of everything. Drawn first,
/// so that worlds differ in kind: all faults at once hide bugs.
package struct WorldPlan: Hashable, Sendable {
    /// Thousandths of commits that fail and change nothing.
    package var commitFaults: Int
    /// Thousandths of commits whose outcome their caller never learns; the store stops there, as LMDB does.
    package var unknownOutcomes: Int
    /// Thousandths of calls of the source whose link is cut.
    package var cuts: Int
    package var crashes: Int
    package var permits: Int
    package var connections: Int
    package var filesPerConnection: Int
    package var rowsPerFile: Int
    /// Files that are replaced while the world runs.
    package var replacements: Int
    /// Whether people ask for runs, cancel them, edit and pause.
    package var people: Bool
    /// Longest latency of a commit, in milliseconds.
    package var commitLatency: Int

    package init(seed: UInt64) {
        var random = SeededGenerator(seed: seed ^ 0x5EED)
        func some(_ most: Int) -> Int { random.below(2) * random.below(most + 1) }
        commitFaults = some(60)
        unknownOutcomes = some(15)
        cuts = some(120)
        crashes = some(3)
        permits = 1 + random.below(3)
        connections = 1 + random.below(3)
        filesPerConnection = 1 + random.below(2)
        rowsPerFile = 3 + random.below(10)
        replacements = some(2)
        people = random.below(3) > 0
        commitLatency = random.below(2) * 40
    }

    /// The same world with one kind of fault less, for shrinking a failing seed.
    package func without(_ part: WritableKeyPath<WorldPlan, Int>) -> WorldPlan {
        var plan = self
        plan[keyPath: part] = 0
        return plan
    }

    /// What can be switched off, by name.
    package static let parts: [(name: String, part: any WritableKeyPath<WorldPlan, Int> & Sendable)] = [
        ("commit faults", \.commitFaults), ("unknown outcomes", \.unknownOutcomes), ("cuts", \.cuts),
        ("crashes", \.crashes), ("replacements", \.replacements), ("commit latency", \.commitLatency),
    ]
}

/// A bug that is planted into a world, to show that the simulation can see.
package enum Mutation: String, CaseIterable, Sendable {
    /// Two runs at once: check, wait, then decide.
    case twoRuns = "two-runs"
    /// Records in one commit, checkpoint and counters in the next.
    case splitCommit = "split-commit"
    /// A commit is acknowledged before it is made.
    case earlyAcknowledgement = "early-acknowledgement"
    /// Read, wait, write back: a change in between is lost.
    case lostUpdate = "lost-update"
}
