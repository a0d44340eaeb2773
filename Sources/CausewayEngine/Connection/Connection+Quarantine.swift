package import CausewayCore
import CausewayMessages
import CausewayStore

/// Which rows in quarantine are tried again.
package enum QuarantineSubject: Hashable, Sendable {
    case all
    /// Those that a run put there.
    case run(UInt64)
    case row(UInt64)

    /// As a run's subject.
    package var text: String {
        switch self {
        case .all: ""
        case .run(let number): "runs/\(number)"
        case .row(let number): "quarantinedRows/\(number)"
        }
    }

    /// Nil for a text that ``text`` does not give.
    package init?(text: String) {
        guard !text.isEmpty else {
            self = .all
            return
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = UInt64(parts[1]) else { return nil }
        switch parts[0] {
        case "runs": self = .run(number)
        case "quarantinedRows": self = .row(number)
        default: return nil
        }
    }
}

extension Connection {
    /// Counts the figures of one entity (nil: of all) anew from the records, as a run.
    ///
    /// - Throws: as ``startFetch(_:trigger:slot:requestID:scope:)``; not found for an entity that is not there.
    package func reloadStatistics(_ entity: String?, requestID: String) async throws(CausewayError) -> RunView {
        if let entity { _ = try entityState(entity) }
        return try await startFetch(.statistics, requestID: requestID, scope: RunScope(subject: entity ?? ""))
    }

    /// Reads rows in quarantine again with the settings as they are now, as a run.
    ///
    /// A row that is taken replaces the record with its key unless that came later than the row: then the row is
    /// superseded. A later row that was equal to the record has left no trace, and does not count as later.
    ///
    /// - Throws: as ``startFetch(_:trigger:slot:requestID:scope:)``; not found for a row that is not there.
    package func retryQuarantined(
        _ subject: QuarantineSubject, requestID: String
    ) async throws(CausewayError) -> RunView {
        if case .row(let number) = subject,
            try context.readStore({ try QuarantineTable.get(in: $0, shard, number) }) == nil
        {
            throw .notFound(ResourceName.quarantinedRow(id, number))
        }
        return try await startFetch(
            .quarantineRetry, requestID: requestID, scope: RunScope(subject: subject.text))
    }

    /// Drops rows; numbers of which there is no row are passed over.
    ///
    /// - Returns: how many there were.
    package nonisolated func dropQuarantinedRows(_ numbers: [UInt64]) async throws(CausewayError) -> Int {
        await writing.enter()
        defer { writing.leave() }
        var unit = context.unit(of: shard)
        let dropped = try context.readStore { transaction in
            var counters = try QuarantineCounters(in: transaction, shard)
            var dropped = 0
            for number in Set(numbers).sorted() {
                guard let row = try QuarantineTable.get(in: transaction, shard, number) else { continue }
                QuarantineTable.delete(from: &unit, number)
                counters.remove(1, of: row.entity)
                dropped += 1
            }
            if dropped > 0 { counters.put(into: &unit) }
            return dropped
        }
        guard dropped > 0 else { return 0 }
        try await context.store.commit(unit)
        return dropped
    }
}
