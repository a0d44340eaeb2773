import CausewayCore
import CausewayMessages
import CausewayStore

/// Which run goes on with which.
enum RunSuccession {
    /// Runs that are looked at for one that nobody has gone on with.
    private static let reach = 16

    /// The latest run that was left open or interrupted and that no later one has gone on with.
    ///
    /// - Parameter latest: the last run, if there is any.
    static func unfinished(
        _ latest: [RunTable.Entry], _ shard: ShardID, in transaction: borrowing ReadTransaction
    ) throws -> RunTable.Entry? {
        guard let last = latest.first else { return nil }
        guard last.run.runState.isEnded, last.run.runState != .interrupted else { return last }
        let runs = try RunTable.list(in: transaction, shard, limit: reach)
        return runs.indices.first { index in
            runs[index].run.runState == .interrupted
                && !runs[..<index].contains { goesOn($0.run, with: runs[index].run) }
        }.map { runs[$0] }
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
