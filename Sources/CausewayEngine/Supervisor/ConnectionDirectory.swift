package import CausewayCore
import Synchronization

/// Which actor has which id. The root actor is its only writer; whoever serves a call finds the actor without a hop
/// to the root.
package final class ConnectionDirectory: Sendable {
    private struct Entry {
        let shard: ShardID
        /// Nil while the actor is being restarted.
        var connection: Connection?
        var lastFailure: String?
    }
    private let entries = Mutex<[String: Entry]>([:])

    init() {}

    /// The actor of connection `id`.
    ///
    /// - Throws: ``CausewayError``: not found; unavailable (`CONNECTION_RESTARTING`) while its actor is restarted.
    package func connection(_ id: String) throws(CausewayError) -> Connection {
        guard let entry = entries.withLock({ $0[id] }) else { throw .notFound(ResourceName.connection(id)) }
        guard let connection = entry.connection else {
            throw CausewayError(
                .unavailable, reason: "CONNECTION_RESTARTING",
                "The actor of \(ResourceName.connection(id)) is being restarted after a failure; try again.",
                metadata: ["connection": id, "failure": entry.lastFailure ?? ""])
        }
        return connection
    }

    /// The shard of connection `id`, whether its actor runs or not.
    package func shard(of id: String) throws(CausewayError) -> ShardID {
        guard let entry = entries.withLock({ $0[id] }) else { throw .notFound(ResourceName.connection(id)) }
        return entry.shard
    }

    package var count: Int { entries.withLock { $0.count } }

    func set(_ connection: Connection) {
        entries.withLock { $0[connection.id] = Entry(shard: connection.shard, connection: connection) }
    }

    func setRestarting(_ id: String, failure: String) {
        entries.withLock {
            $0[id]?.connection = nil
            $0[id]?.lastFailure = failure
        }
    }

    func remove(_ id: String) { entries.withLock { $0[id] = nil } }
}
