import CausewayCore

/// All tables of a ``MemoryStore`` as one value.
struct MemoryTables: Sendable {
    /// By raw value of ``Table``.
    private var tables = [SortedTable](repeating: SortedTable(), count: Int(Table.greatest) + 1)

    subscript(table: Table) -> SortedTable {
        _read { yield tables[Int(table.rawValue)] }
        _modify { yield &tables[Int(table.rawValue)] }
    }
}

extension Table {
    static let greatest = allCases.reduce(0) { max($0, $1.rawValue) }
}

extension MemoryTables: TableWriter {
    typealias Failure = Never

    func withValue<R>(_ table: Table, _ key: [UInt8], _ body: (UnsafeRawBufferPointer?) -> R) -> R {
        guard let value = self[table].value(key) else { return body(nil) }
        return value.withUnsafeBytes { body($0) }
    }

    mutating func put(_ table: Table, _ key: [UInt8], _ value: [UInt8], ascending: Bool) {
        self[table].put(key, value)
    }

    mutating func delete(_ table: Table, _ key: [UInt8]) {
        self[table].delete(key)
    }

    mutating func deletePrefix(_ table: Table, _ prefix: [UInt8], limit: Int) {
        for _ in 0..<limit {
            let place = self[table].lowerBound(prefix)
            guard let found = self[table].entry(at: place), found.key.starts(with: prefix) else { return }
            self[table].delete(found.key)
        }
    }
}

extension MemoryTables: Snapshot {
    func get(_ table: Table, _ key: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let value = self[table].value(key) else { return }
        try value.withUnsafeBytes { try body($0) }
    }

    func scan(
        _ table: Table, _ range: KeyRange, reverse: Bool,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> ScanStep
    ) throws {
        let entries = self[table]
        func visit(_ entry: SortedTable.Entry) throws -> ScanStep {
            try entry.key.withUnsafeBytes { key in try entry.value.withUnsafeBytes { try body(key, $0) } }
        }
        guard reverse else {
            var place = entries.lowerBound(range.lower)
            while let entry = entries.entry(at: place) {
                if let upper = range.upper, !isBelow(entry.key, upper) { return }
                guard try visit(entry) == .next else { return }
                place = entries.after(place)
            }
            return
        }
        var place = range.upper.map { entries.lowerBound($0) } ?? entries.end
        while let previous = entries.before(place), let entry = entries.entry(at: previous) {
            guard !isBelow(entry.key, range.lower), try visit(entry) == .next else { return }
            place = previous
        }
    }
}
