package import CausewayCore
package import CausewayMessages
import CausewayStore

// The runs of one connection, for people.
extension Connection {
    /// Runs, latest first, those with a number below `before`; the one in progress as it is.
    package func runs(before: UInt64?, limit: Int) throws(CausewayError) -> [RunView] {
        let entries = try context.readStore { try RunTable.list(in: $0, shard, before: before, limit: limit) }
        return entries.map { entry in
            if let live, live.view.number == entry.number { return live.view }
            return RunView(connection: id, number: entry.number, stored: entry.run)
        }
    }

    /// What a run has said, oldest first, from sequence number `from` on, and where the next page begins.
    ///
    /// - Parameter minimumLevel: entries below it are left out.
    package nonisolated func logEntries(
        run: UInt64, from: UInt64, limit: Int, minimumLevel: Int32
    ) throws(CausewayError) -> (entries: [StoredLogEntry], next: UInt64?) {
        try context.readStore { transaction in
            var found: [StoredLogEntry] = []
            var start = from
            while true {
                let page = try RunLogTable.list(in: transaction, shard, run: run, from: start, limit: 1_000)
                for entry in page {
                    guard found.count < limit else { return (found, entry.sequence) }
                    if entry.entry.level >= minimumLevel { found.append(entry.entry) }
                }
                guard page.count == 1_000, let last = page.last else { return (found, nil) }
                start = last.sequence + 1
            }
        }
    }
}
