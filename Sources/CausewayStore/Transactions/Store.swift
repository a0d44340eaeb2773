package import CausewayCore

/// A transactional store of ordered tables. `LMDBStore` is the real one, `MemoryStore` the model that simulations use;
/// both pass the same conformance suite.
package protocol Store: Sendable {
    /// Runs `body` on one consistent snapshot.
    ///
    /// The body is synchronous, so no transaction can be held across a suspension; it should take milliseconds. It may
    /// block on the disk: call from a task on ``SpawnPlace/work``, or for a handful of look-ups.
    ///
    /// - Throws: what `body` throws, or a ``CausewayError`` of the store.
    func read<T>(_ body: (borrowing ReadTransaction) throws -> T) throws -> T

    /// Applies `unit` durably, with whatever others are waiting in one write transaction; a refused unit does not harm
    /// the others of its group.
    ///
    /// Returns only after the commit is on disk. Cancellation is not heeded: a unit handed in is applied or refused.
    ///
    /// - Throws: ``CausewayError``. Reasons: `STORE_FULL` (resource exhausted, retryable), `STORE_IO` (unavailable),
    ///   `STORE_OUTCOME_UNKNOWN` (unavailable: the unit may or may not be durable; the store has stopped),
    ///   `OWNERSHIP_LOST` (failed precondition: another epoch owns the shard), `COMMIT_CONFLICT` (aborted: a
    ///   requirement of the unit does not hold), `STORE_STOPPED` (unavailable), `STORE_BUSY` (unavailable: too many
    ///   units wait), `UNIT_TOO_LARGE` (resource exhausted) and `UNIT_INVALID` (internal: a key of another shard, or
    ///   beyond the limits of ``UnitRules``).
    @discardableResult
    func commit(_ unit: CommitUnit) async throws(CausewayError) -> CommitReceipt

    /// Applies all of `units`, each of another shard, in one write transaction, or none of them. Requirements of each
    /// look at the state before all.
    ///
    /// For the few changes that concern many shards at once, and no substitute for ``commit(_:)``: shards that live on
    /// several machines cannot have it. Otherwise as ``commit(_:)``.
    ///
    /// - Throws: as ``commit(_:)``; `UNIT_INVALID` (internal) when two units are of one shard, `UNIT_TOO_LARGE`
    ///   (resource exhausted) when a unit, or their sum, is above ``UnitRules``.
    func commit(together units: [CommitUnit]) async throws(CausewayError)
}

/// One consistent snapshot of the store, valid inside the closure that got it.
package struct ReadTransaction: ~Copyable {
    private let snapshot: any Snapshot
    package init(_ snapshot: any Snapshot) { self.snapshot = snapshot }

    /// Calls `body` with the value of `key`, whose bytes are valid only inside it; nil when there is no such key.
    package func get<R>(_ table: Table, _ key: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R? {
        var result: R?
        try snapshot.get(table, key) { result = try body($0) }
        return result
    }

    /// The value of `key`, copied.
    package func value(_ table: Table, _ key: [UInt8]) throws -> [UInt8]? {
        try get(table, key) { [UInt8]($0) }
    }

    package func contains(_ table: Table, _ key: [UInt8]) throws -> Bool {
        try get(table, key) { _ in true } ?? false
    }

    /// Walks the keys in `range` (bytewise order) until `body` returns ``ScanStep/stop``.
    package func scan(
        _ table: Table, _ range: KeyRange, reverse: Bool = false,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> ScanStep
    ) throws {
        try snapshot.scan(table, range, reverse: reverse, body)
    }

    /// How many keys `range` has; walks them.
    package func count(_ table: Table, _ range: KeyRange) throws -> Int {
        var count = 0
        try scan(table, range) { _, _ in
            count += 1
            return .next
        }
        return count
    }
}

/// Whether a scan goes on.
package enum ScanStep: Sendable { case next, stop }

/// Keys from `lower` (inclusive) to `upper` (exclusive; nil: the table's end).
package struct KeyRange: Hashable, Sendable {
    package var lower: [UInt8]
    package var upper: [UInt8]?

    package init(from lower: [UInt8], upTo upper: [UInt8]?) {
        self.lower = lower
        self.upper = upper
    }

    /// All keys that begin with `prefix`.
    package init(prefix: [UInt8]) {
        lower = prefix
        var bound = prefix
        while let last = bound.last, last == 0xFF { bound.removeLast() }
        if let last = bound.last {
            bound[bound.count - 1] = last + 1
            upper = bound
        } else {
            upper = nil
        }
    }

    package func contains(_ key: some Collection<UInt8>) -> Bool {
        !key.lexicographicallyPrecedes(lower) && (upper.map { key.lexicographicallyPrecedes($0) } ?? true)
    }
}

/// What a ``ReadTransaction`` stands on. Not for use outside it.
package protocol Snapshot {
    func get(_ table: Table, _ key: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Void) throws
    func scan(
        _ table: Table, _ range: KeyRange, reverse: Bool,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> ScanStep) throws
}
