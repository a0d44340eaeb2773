import CausewayCore
import CausewayMessages

/// One table to bring up to date: a field's, or that of the contents.
struct SettlementWork {
    /// ``ValueTable/contents`` or a field's number.
    var field: UInt32
    var order: ValueOrder
    /// The field is the primary key alone.
    var isKey = false
    /// Where it begins; nil: with nothing, from the first segment on.
    var header: ValueTable.Header?
    /// The sample's level to begin with when there is no header.
    var floor: UInt8 = 0
    /// Bytes that its table is expected to take.
    var memory = 512 << 10
    /// The stored table, if any, is not to be used again.
    var mustSave = false
    /// What is in it was counted while the run went on: see ``RunningSettlement``.
    var isAhead = false

    /// Whether more may have been taken away from it than is known to be in it, so that its end must be looked at.
    var startsWithValues: Bool { header != nil || isAhead }

    func isSameTable(as other: SettlementWork) -> Bool {
        field == other.field && order == other.order && isKey == other.isKey && header == other.header
    }

    /// The same from nothing.
    func anew(floor: UInt8) -> SettlementWork {
        var work = self
        work.header = nil
        work.floor = floor
        work.mustSave = true
        work.isAhead = false
        return work
    }
}

/// Tables in work at the same time, all from the same place on.
///
/// Records that were replaced are taken away first, then live records are added: so a table never holds more than in the
/// end, and its sample is as fine as that of a recount.
struct SettlementGroup {
    let coveredSegment: UInt64
    let coveredKilled: UInt64
    private(set) var works: [SettlementWork] = []
    private(set) var tallies: [UInt32: FieldTally] = [:]
    private(set) var contents: ContentTally?
    /// Rows added and taken away.
    private(set) var rowsRead: Int64 = 0
    /// Rows added.
    private(set) var rowsAdded: Int64 = 0

    private var phase = Phase.takeAway
    private var nextSequence: UInt64
    private var places: ArraySlice<UInt64> = []
    private var nextSegment: UInt64
    /// What was read when: the segments below the first number, and not below that of the entry before, are in the tables
    /// less the records replaced in journal entries below the second.
    private var reads: [(below: UInt64, killed: UInt64)]

    private enum Phase { case takeAway, add, done }

    init(coveredSegment: UInt64, coveredKilled: UInt64) {
        self.coveredSegment = coveredSegment
        self.coveredKilled = coveredKilled
        nextSequence = coveredKilled
        nextSegment = coveredSegment
        reads = [(coveredSegment, coveredKilled)]
    }

    var isDone: Bool { phase == .done }
    var memory: Int { tallies.values.reduce(contents?.counter.memory ?? 0) { $0 + $1.counter.memory } }

    mutating func insert(_ work: SettlementWork, _ tally: FieldTally) {
        works.append(work)
        tallies[work.field] = tally
    }

    mutating func insert(_ work: SettlementWork, _ contents: ContentTally) {
        works.append(work)
        self.contents = contents
    }

    /// How a table that was counted ahead is kept.
    enum Keeping { case asItIs, saved }

    /// Keeps the tables that are among `wanted`, as those say they are; the others are dropped.
    ///
    /// - Parameter keeping: how; nil: not at all.
    mutating func keep(_ wanted: [SettlementWork], _ keeping: (SettlementWork, ValueCounter) -> Keeping?) {
        var kept: [SettlementWork] = []
        for work in works {
            let counter = work.field == ValueTable.contents ? contents?.counter : tallies[work.field]?.counter
            if var found = wanted.first(where: { work.isSameTable(as: $0) }), let counter,
                let keeping = keeping(work, counter)
            {
                found.isAhead = true
                if keeping == .saved { found.mustSave = true }
                kept.append(found)
            } else if work.field == ValueTable.contents {
                contents = nil
            } else {
                tallies[work.field] = nil
            }
        }
        works = kept
    }

    /// Takes the table that needs the most memory out, to be begun again; nil when it is the only one.
    mutating func removeLargest() -> SettlementWork? {
        guard works.count > 1 else { return nil }
        func size(_ work: SettlementWork) -> Int {
            (work.field == ValueTable.contents ? contents?.counter.memory : tallies[work.field]?.counter.memory) ?? 0
        }
        guard let index = works.indices.max(by: { size(works[$0]) < size(works[$1]) }) else { return nil }
        var work = works.remove(at: index)
        work.memory = max(4 << 20, 2 * size(work))
        if work.field == ValueTable.contents { contents = nil } else { tallies[work.field] = nil }
        return work
    }

    /// Takes the next finished table out; nil at the end.
    mutating func popFinished() -> (work: SettlementWork, tally: FieldTally?, contents: ContentTally?)? {
        guard let work = works.popLast() else { return nil }
        guard work.field != ValueTable.contents else {
            defer { contents = nil }
            return (work, nil, contents)
        }
        return (work, tallies.removeValue(forKey: work.field), nil)
    }

    /// Reads one segment.
    ///
    /// - Parameter keyFields: fields that are no content.
    /// - Returns: false when what the tables say is in them is not there: they must be begun anew.
    mutating func step(
        _ state: EntityState, keyFields: Set<UInt32>, _ columns: SegmentColumns, limits: StatisticsLimits,
        in transaction: borrowing ReadTransaction
    ) throws -> Bool {
        switch phase {
        case .takeAway:
            if places.isEmpty { try loadPlaces(state, limits, in: transaction) }
            guard let first = places.first else {
                phase = .add
                return true
            }
            let segment = first >> 16
            let group = places.prefix { $0 >> 16 == segment }
            places = places.dropFirst(group.count)
            let slots = group.map { UInt16(truncatingIfNeeded: $0) }
            let holder = try SegmentTable.holder(
                of: segment, entity: state.entity.number, state.shard, in: transaction)
            guard let holder else { return false }
            let isThere = try SegmentTable.withSegment(
                holder, of: state.entity.number, state.shard, in: transaction, columns.zstd
            ) { view in
                guard let slots = try view.slots(of: slots, in: segment) else { return false }
                try read(view, slots, keyFields, columns, adding: false)
                return true
            }
            return isThere ?? false
        case .add:
            if try !addNext(state, keyFields, columns, in: transaction) { phase = .done }
        case .done: break
        }
        return true
    }

    /// Adds segments of about so many cells, before anything is taken away: that is left to ``step``.
    ///
    /// - Parameter state: as it is in the transaction.
    mutating func addAhead(
        _ state: EntityState, keyFields: Set<UInt32>, _ columns: SegmentColumns, cells: Int,
        in transaction: borrowing ReadTransaction
    ) throws {
        let rows = rowsRead + Int64(cells / max(1, works.count))
        while rowsRead < rows, try addNext(state, keyFields, columns, in: transaction) {}
        // A segment may have records of places behind its number, up to the next one's.
        nextSegment = try next(state, in: transaction) ?? state.entity.nextSegment
        if reads.last?.killed == state.entity.nextKilled { reads.removeLast() }
        reads.append((nextSegment, state.entity.nextKilled))
    }

    private func next(_ state: EntityState, in transaction: borrowing ReadTransaction) throws -> UInt64? {
        try SegmentTable.neighbour(
            of: nextSegment == 0 ? nil : nextSegment - 1, above: true, entity: state.entity.number, state.shard,
            in: transaction)
    }

    /// - Returns: false at the end of the segments.
    private mutating func addNext(
        _ state: EntityState, _ keyFields: Set<UInt32>, _ columns: SegmentColumns,
        in transaction: borrowing ReadTransaction
    ) throws -> Bool {
        guard let number = try next(state, in: transaction) else { return false }
        nextSegment = number + 1
        _ = try SegmentTable.withRecords(
            number, of: state.entity.number, state.shard, in: transaction, columns.zstd
        ) { view, dead in
            let all = 0..<UInt16(view.rowCount)
            let slots = dead.count == 0 ? Array(all) : all.filter { !dead.contains(Int($0)) }
            try read(view, slots, keyFields, columns, adding: true)
        }
        return true
    }

    /// Whether a record that a journal entry replaced is in the tables.
    private func holds(_ segment: UInt64, _ sequence: UInt64) -> Bool {
        // The number of reads is that of a run's batches: what is looked for is most often in the first.
        for read in reads where segment < read.below { return sequence >= read.killed }
        return false
    }

    /// The next places of replaced records that are in the tables, by segment.
    private mutating func loadPlaces(
        _ state: EntityState, _ limits: StatisticsLimits, in transaction: borrowing ReadTransaction
    ) throws {
        var found: [UInt64] = []
        guard nextSegment > 0, nextSequence < state.entity.nextKilled else { return }
        let range = KeyRange(
            from: KeyBuilder.key(state.shard, entity: state.entity.number, nextSequence),
            upTo: KeyBuilder.key(state.shard, entity: state.entity.number, state.entity.nextKilled))
        var last = state.entity.nextKilled
        try transaction.scan(.killed, range) { key, value in
            let tail = KeyTail(.killed, key)
            let sequence = try tail.number(at: 4)
            guard value.count % 8 == 0 else { throw StoreDamage.error(.killed, tail.key, "it is cut short") }
            for offset in stride(from: 0, to: value.count, by: 8) {
                let place = UInt64(littleEndian: value.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                if holds(place >> 16, sequence) { found.append(place) }
            }
            guard found.count < limits.placesInWork else {
                last = sequence + 1
                return .stop
            }
            return .next
        }
        nextSequence = last
        found.sort()
        places = found[...]
        if found.isEmpty, nextSequence < state.entity.nextKilled { try loadPlaces(state, limits, in: transaction) }
    }

    private mutating func read(
        _ segment: borrowing SegmentView, _ slots: [UInt16], _ keyFields: Set<UInt32>, _ columns: SegmentColumns,
        adding: Bool
    ) throws {
        guard !slots.isEmpty else { return }
        rowsRead += Int64(slots.count)
        if adding { rowsAdded += Int64(slots.count) }
        let micros = adding ? try segment.lastImport(of: slots).micros : 0
        try slots.withUnsafeBufferPointer { slots in
            if contents != nil { columns.clearContents(slots.count) }
            for field in segment.fields {
                let tally = tallies[field]
                let isContent = contents != nil && !keyFields.contains(field)
                guard tally != nil || isContent, try columns.load(field, of: segment, slots) else { continue }
                if isContent || tally?.needsHashes == true { columns.hash() }
                if isContent { columns.addContents(slots, secret: columns.valueHash.secret(of: field)) }
                guard let tally else { continue }
                if adding {
                    tally.add(columns, rows: slots.count)
                    tally.importMicros = max(tally.importMicros, micros)
                } else {
                    tally.subtract(columns, rows: slots.count)
                }
            }
            columns.letGo()
            guard let contents else { return }
            columns.finishContents(slots.count)
            if adding { contents.add(columns) } else { contents.subtract(columns) }
        }
    }
}
