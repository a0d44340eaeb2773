import CausewayCore
import CausewayMessages
import CausewayStore

/// Which run goes on with which.
enum RunSuccession {
    /// Runs that are looked at for one that nobody has gone on with.
    private static let reach = 16

    /// The runs that were left open or interrupted and that no later one has gone on with, oldest first.
    ///
    /// Nothing is looked for behind a fetch that has ended by itself: most connections end with one, and a start shall
    /// not read more of them.
    ///
    /// - Parameter latest: the last run, if there is any.
    static func unfinished(
        _ latest: [RunTable.Entry], _ shard: ShardID, in transaction: borrowing ReadTransaction
    ) throws -> [RunTable.Entry] {
        guard let last = latest.first, !isEndedFetch(last.run) else { return [] }
        let runs = try RunTable.list(in: transaction, shard, limit: reach)
        let behind = runs.firstIndex { isEndedFetch($0.run) } ?? runs.endIndex
        return runs[..<behind].indices.reversed().filter { index in
            let run = runs[index].run
            guard !run.runState.isEnded || run.runState == .interrupted else { return false }
            return !runs[..<index].contains { goesOn($0.run, with: run) }
        }.map { runs[$0] }
    }

    private static func isEndedFetch(_ run: StoredRun) -> Bool {
        run.kind == RunKind.full.rawValue && run.runState.isEnded && run.runState != .interrupted
    }

    /// Whether any of the runs behind number `number` has gone on with `run`.
    static func isTakenUp(
        _ run: StoredRun, _ number: UInt64, _ shard: ShardID, in transaction: borrowing ReadTransaction
    ) throws -> Bool {
        try RunTable.listOldestFirst(in: transaction, shard, after: number, limit: reach).contains {
            goesOn($0.run, with: run)
        }
    }

    /// Whether `later` does all that was left of `run`, from its checkpoint.
    private static func goesOn(_ later: StoredRun, with run: StoredRun) -> Bool {
        later.kind == run.kind && later.subject == run.subject && (later.again || !run.again)
    }
}
