package import CausewayCore
package import CausewayMessages

/// A shard's runs, numbered from 1.
package enum RunTable {
    /// A run with its number.
    package struct Entry: Hashable, Sendable {
        package var number: UInt64
        package var run: StoredRun
    }

    package static func get(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, _ number: UInt64
    ) throws -> StoredRun? {
        try TableAccess.get(StoredRun.self, .runs, KeyBuilder.key(shard, number), in: transaction)
    }

    /// The latest run's number, 0 when there is none.
    package static func latestNumber(in transaction: borrowing ReadTransaction, _ shard: ShardID) throws -> UInt64 {
        try TableAccess.lastNumber(.runs, prefix: KeyBuilder.key(shard), in: transaction) ?? 0
    }

    /// Latest first, those with a number below `end` (nil: all).
    package static func list(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, before end: UInt64? = nil, limit: Int
    ) throws -> [Entry] {
        let all = KeyRange(prefix: KeyBuilder.key(shard))
        let range = KeyRange(from: all.lower, upTo: end.map { KeyBuilder.key(shard, $0) } ?? all.upper)
        return try TableAccess.list(
            StoredRun.self, .runs, range, reverse: true, limit: limit, in: transaction
        ) { key, run in
            Entry(number: try key.number(), run: run)
        }
    }

    /// Oldest first, those with a number above `start`.
    package static func listOldestFirst(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, after start: UInt64, limit: Int
    ) throws -> [Entry] {
        guard start < .max else { return [] }
        let range = KeyRange(
            from: KeyBuilder.key(shard, start + 1), upTo: KeyRange(prefix: KeyBuilder.key(shard)).upper)
        return try TableAccess.list(StoredRun.self, .runs, range, limit: limit, in: transaction) { key, run in
            Entry(number: try key.number(), run: run)
        }
    }

    package static func put(into unit: inout CommitUnit, _ number: UInt64, _ run: StoredRun) throws(CausewayError) {
        try unit.put(.runs, KeyBuilder.key(unit.ownership.shard, number), message: run)
    }

    /// Removes a run. Its log goes with ``RunLogTable/delete(from:run:limit:)``, first.
    package static func delete(from unit: inout CommitUnit, _ number: UInt64) {
        unit.delete(.runs, KeyBuilder.key(unit.ownership.shard, number))
    }
}

/// What runs said, each run's entries numbered from 1.
package enum RunLogTable {
    /// An entry with its number within the run.
    package struct Entry: Hashable, Sendable {
        package var sequence: UInt64
        package var entry: StoredLogEntry
    }

    /// In order, from `start` on (itself included).
    package static func list(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, run: UInt64, from start: UInt64 = 0, limit: Int
    ) throws -> [Entry] {
        let range = KeyRange(
            from: KeyBuilder.key(shard, run, start), upTo: KeyRange(prefix: KeyBuilder.key(shard, run)).upper)
        return try TableAccess.list(
            StoredLogEntry.self, .runLogs, range, limit: limit, in: transaction
        ) { key, entry in
            Entry(sequence: try key.number(at: 8), entry: entry)
        }
    }

    /// The latest entry's number, 0 when there is none.
    package static func latestSequence(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, run: UInt64
    ) throws -> UInt64 {
        try TableAccess.lastNumber(.runLogs, prefix: KeyBuilder.key(shard, run), in: transaction) ?? 0
    }

    package static func put(
        into unit: inout CommitUnit, run: UInt64, sequence: UInt64, _ entry: StoredLogEntry
    ) throws(CausewayError) {
        try unit.put(.runLogs, KeyBuilder.key(unit.ownership.shard, run, sequence), message: entry)
    }

    /// Removes at most `limit` entries of a run, the oldest first.
    package static func delete(from unit: inout CommitUnit, run: UInt64, limit: Int) {
        let prefix = KeyBuilder.key(unit.ownership.shard, run)
        unit.mutations.append(.deletePrefix(.runLogs, prefix: prefix, limit: limit))
    }
}

/// Rows that could not be taken, numbered from 1 within the shard.
package enum QuarantineTable {
    /// A row with its number.
    package struct Entry: Hashable, Sendable {
        package var sequence: UInt64
        package var row: StoredQuarantinedRow

        package init(sequence: UInt64, row: StoredQuarantinedRow) {
            self.sequence = sequence
            self.row = row
        }
    }

    package static func get(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, _ sequence: UInt64
    ) throws -> StoredQuarantinedRow? {
        try TableAccess.get(StoredQuarantinedRow.self, .quarantine, KeyBuilder.key(shard, sequence), in: transaction)
    }

    /// The latest row's number, 0 when there is none.
    package static func latestSequence(in transaction: borrowing ReadTransaction, _ shard: ShardID) throws -> UInt64 {
        try TableAccess.lastNumber(.quarantine, prefix: KeyBuilder.key(shard), in: transaction) ?? 0
    }

    /// Latest first, those with a number below `end` (nil: all) that are of `run` and `entity` (nil: of any).
    ///
    /// Looks at no more than `scanLimit` rows. `next` is where to go on (the `before` of the next call), nil at the end.
    package static func list(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, before end: UInt64? = nil,
        run: UInt64? = nil, entity: String? = nil, limit: Int, scanLimit: Int = 10_000
    ) throws -> (rows: [Entry], next: UInt64?) {
        let all = KeyRange(prefix: KeyBuilder.key(shard))
        let range = KeyRange(from: all.lower, upTo: end.map { KeyBuilder.key(shard, $0) } ?? all.upper)
        var rows: [Entry] = []
        var looked = 0
        var last: UInt64?
        try transaction.scan(.quarantine, range, reverse: true) { key, value in
            // Found one more than is wanted: there is a next page.
            guard rows.count < limit, looked < scanLimit else { return .stop }
            let tail = KeyTail(.quarantine, key)
            let sequence = try tail.number()
            let row = try TableAccess.decode(StoredQuarantinedRow.self, .quarantine, tail.key, value)
            looked += 1
            last = sequence
            if run.map({ $0 == row.run }) ?? true, entity.map({ $0 == row.entity }) ?? true {
                rows.append(Entry(sequence: sequence, row: row))
            }
            return .next
        }
        guard rows.count >= limit || looked >= scanLimit, let last else { return (rows, nil) }
        let rest = KeyRange(from: all.lower, upTo: KeyBuilder.key(shard, last))
        var isEnd = true
        try transaction.scan(.quarantine, rest, reverse: true) { _, _ in
            isEnd = false
            return .stop
        }
        return (rows, isEnd ? nil : last)
    }

    /// Oldest first, those with a number above `start` that are of `run` and `entity` (nil: of any).
    ///
    /// Looks at no more than `scanLimit` rows, and stops at `byteLimit` bytes of raw rows. `next` is where to go on (the
    /// `after` of the next call), nil at the end.
    package static func listOldestFirst(
        in transaction: borrowing ReadTransaction, _ shard: ShardID, after start: UInt64 = 0, run: UInt64? = nil,
        entity: String? = nil, limit: Int, scanLimit: Int = 10_000, byteLimit: Int = .max
    ) throws -> (rows: [Entry], next: UInt64?) {
        guard start < .max else { return ([], nil) }
        let range = KeyRange(
            from: KeyBuilder.key(shard, start + 1), upTo: KeyRange(prefix: KeyBuilder.key(shard)).upper)
        var rows: [Entry] = []
        var looked = 0
        var last = start
        var isCut = false
        var bytes = 0
        try transaction.scan(.quarantine, range) { key, value in
            guard rows.count < limit, looked < scanLimit, bytes < byteLimit else {
                isCut = true
                return .stop
            }
            let tail = KeyTail(.quarantine, key)
            last = try tail.number()
            let row = try TableAccess.decode(StoredQuarantinedRow.self, .quarantine, tail.key, value)
            looked += 1
            if run.map({ $0 == row.run }) ?? true, entity.map({ $0 == row.entity }) ?? true {
                bytes += row.raw.count
                rows.append(Entry(sequence: last, row: row))
            }
            return .next
        }
        return (rows, isCut ? last : nil)
    }

    /// How many rows of each entity there are. Reads all of the shard's.
    package static func counts(
        in transaction: borrowing ReadTransaction, _ shard: ShardID
    ) throws -> [String: Int64] {
        var counts: [String: Int64] = [:]
        try transaction.scan(.quarantine, KeyRange(prefix: KeyBuilder.key(shard))) { key, value in
            let row = try TableAccess.decode(StoredQuarantinedRow.self, .quarantine, Array(key), value)
            counts[row.entity, default: 0] += 1
            return .next
        }
        return counts
    }

    package static func put(
        into unit: inout CommitUnit, _ sequence: UInt64, _ row: StoredQuarantinedRow
    ) throws(CausewayError) {
        try unit.put(.quarantine, KeyBuilder.key(unit.ownership.shard, sequence), message: row)
    }

    package static func delete(from unit: inout CommitUnit, _ sequence: UInt64) {
        unit.delete(.quarantine, KeyBuilder.key(unit.ownership.shard, sequence))
    }
}
