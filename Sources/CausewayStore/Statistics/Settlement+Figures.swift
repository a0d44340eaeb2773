import CausewayCore
import CausewayMessages

extension Settlement {
    /// Whether the kept figures are those of the records and fields there are.
    static func isCurrent(_ state: EntityState, _ kept: [UInt32: StoredFieldFigures]) -> Bool {
        guard let figures = state.entity.figures else { return false }
        return figures.version == StatisticsLimits.formulaVersion
            && figures.coveredSegment == state.entity.nextSegment && figures.coveredKilled == state.entity.nextKilled
            && figures.recordCount == state.entity.recordCount
            && figures.cellCount == state.entity.recordCount * Int64(state.fields.count)
            && state.fields.allSatisfy { field in
                kept[field.number]?.order == UInt32(ValueOrder(FieldType(rawValue: field.stored.type)).rawValue)
            }
    }

    /// The tables to bring up to date, the contents' first.
    static func plan(
        _ state: EntityState, _ keyFields: Set<UInt32>, _ mode: Mode, _ kept: [UInt32: StoredFieldFigures],
        _ limits: StatisticsLimits, in transaction: borrowing ReadTransaction
    ) throws -> [SettlementWork] {
        var works = [try work(ValueTable.contents, .bytes, state, mode, in: transaction)]
        for field in state.fields {
            let order = ValueOrder(FieldType(rawValue: field.stored.type))
            var work = try work(field.number, order, state, mode, in: transaction)
            work.isKey = keyFields == [field.number]
            if work.isKey, work.header == nil, state.entity.recordCount > limits.exactDistinct {
                work.floor = FieldTally.keyLevel
            }
            let isCurrent =
                work.header.map {
                    $0.coveredSegment == state.entity.nextSegment && $0.coveredKilled == state.entity.nextKilled
                        && $0.order == order.rawValue
                } ?? false
            if !isCurrent || kept[field.number]?.order != UInt32(order.rawValue) { works.append(work) }
        }
        return works
    }

    private static func work(
        _ field: UInt32, _ order: ValueOrder, _ state: EntityState, _ mode: Mode,
        in transaction: borrowing ReadTransaction
    ) throws -> SettlementWork {
        var work = SettlementWork(field: field, order: order)
        let number = state.entity.number
        let isThere = try transaction.contains(.valueTables, ValueTable.key(state.shard, number, field, part: 0))
        guard let header = try ValueTable.header(state.shard, number, field, in: transaction),
            header.coveredSegment <= state.entity.nextSegment, header.coveredKilled <= state.entity.nextKilled
        else {
            work.mustSave = isThere
            return work
        }
        work.memory = Int(min(header.memory, 1 << 40))
        work.header = header
        // An exact table holds its values in no order; a sample has the extremes of one.
        if mode == .recount || (header.level > 0 && header.order != order.rawValue) {
            work = work.anew(floor: header.level)
        }
        return work
    }

    /// Takes as many tables from the queue as may be in work together.
    ///
    /// - Returns: false when the queue is empty.
    mutating func beginGroup(_ store: some Store) throws -> Bool {
        guard let first = queue.first else { return false }
        func start(_ work: SettlementWork) -> (UInt64, UInt64) {
            work.header.map { ($0.coveredSegment, $0.coveredKilled) } ?? (0, state.entity.nextKilled)
        }
        let (segment, killed) = start(first)
        var begun = SettlementGroup(coveredSegment: segment, coveredKilled: killed)
        var memory = 0
        var rest: [SettlementWork] = []
        for work in queue {
            guard start(work) == (segment, killed), begun.works.isEmpty || memory + work.memory <= limits.tableBytes
            else {
                rest.append(work)
                continue
            }
            if try begin(work, in: &begun, store) {
                memory += work.memory
            } else {
                rest.append(work.anew(floor: 0))
            }
        }
        queue = rest
        group = begun
        return true
    }

    /// - Returns: false when the stored table is not what was written.
    private func begin(_ work: SettlementWork, in group: inout SettlementGroup, _ store: some Store) throws -> Bool {
        let isContents = work.field == ValueTable.contents
        guard let header = work.header else {
            let counter = ValueCounter(limits, keepsText: !isContents, level: UInt64(work.floor))
            if isContents {
                group.insert(work, ContentTally(counter))
            } else {
                group.insert(work, FieldTally(work.order, counter, isKey: work.isKey))
            }
            return true
        }
        let bytes = try store.read {
            try ValueTable.load(header, state.shard, state.entity.number, work.field, in: $0)
        }
        guard let bytes else { return false }
        do throws(Damage) {
            let (order, isKey, limits) = (work.order, work.isKey, limits)
            if isContents {
                let counter = try bytes.withUnsafeBufferPointer { all throws(Damage) in
                    var cursor = try ByteCursor(UnsafeRawBufferPointer(all), 0..<all.count)
                    return try ValueCounter(limits, keepsText: false, &cursor)
                }
                group.insert(work, ContentTally(counter))
            } else {
                let tally = try bytes.withUnsafeBufferPointer { all throws(Damage) in
                    var cursor = try ByteCursor(UnsafeRawBufferPointer(all), 0..<all.count)
                    return try FieldTally(limits, &cursor, order: order, isKey: isKey, level: Int(header.level))
                }
                group.insert(work, tally)
            }
            return true
        } catch {
            return false
        }
    }

    /// Takes a field's finished table: its figures, and the table itself when enough is in it that was not.
    mutating func take(
        _ work: SettlementWork, _ tally: FieldTally, _ rows: Int64, _ store: some Store
    ) throws {
        if work.startsWithValues, tally.isLost { return queue.append(work.anew(floor: Self.level(tally, nil))) }
        if tally.isTooCoarse, work.startsWithValues || work.floor > 0 {
            return queue.append(work.anew(floor: 0))
        }
        let key = FieldFigures.key(state.shard, state.entity.number, work.field)
        let kept = try store.read { try $0.value(.fieldFigures, key) }
        let known = kept.flatMap { bytes in
            bytes.withUnsafeBytes { try? TableAccess.decode(StoredFieldFigures.self, .fieldFigures, key, $0) }
        }
        var figures = tally.figures
        figures.dataUpdateMicros = max(figures.dataUpdateMicros, known?.dataUpdateMicros ?? 0)
        values += figures.valueCount
        if mode == .recount, wasCurrent, let known {
            let label = state.fields.first { $0.number == work.field }?.stored.apiLabel ?? ""
            differences += FigureDifference.between(known, figures, field: label)
        }
        let encoded = try TableAccess.encode(figures, for: .fieldFigures)
        var changes: [Mutation] = encoded == kept ? [] : [.put(.fieldFigures, key: key, value: encoded)]
        if isWorthSaving(work, rows) {
            var bytes: [UInt8] = []
            tally.encode(into: &bytes)
            changes += try save(work, tally.counter, bytes, store)
        }
        pending += changes
    }

    mutating func take(
        _ work: SettlementWork, _ contents: ContentTally, _ group: SettlementGroup, _ store: some Store
    ) throws {
        if work.startsWithValues, contents.isLost { return queue.append(work.anew(floor: Self.level(nil, contents))) }
        if contents.counter.isTooCoarse, work.startsWithValues || work.floor > 0 {
            return queue.append(work.anew(floor: 0))
        }
        repeated = contents.repeated
        repeated.values &+= repeated.records &* Int64(keyFields.count)
        isApproximate = !contents.counter.isExact
        if work.header == nil { countedRecords = group.rowsAdded }
        guard isWorthSaving(work, group.rowsRead) else { return }
        var bytes: [UInt8] = []
        contents.counter.encode(into: &bytes)
        pending += try save(work, contents.counter, bytes, store)
    }

    private func isWorthSaving(_ work: SettlementWork, _ rows: Int64) -> Bool {
        let share = state.entity.recordCount / Int64(max(1, limits.pendingShare))
        return rows >= max(Int64(limits.pendingRows), share) || work.mustSave
    }

    private func save(
        _ work: SettlementWork, _ counter: ValueCounter, _ bytes: [UInt8], _ store: some Store
    ) throws -> [Mutation] {
        let header = ValueTable.Header(
            coveredSegment: state.entity.nextSegment, coveredKilled: state.entity.nextKilled, bank: 0, parts: 0,
            bytes: 0, checksum: 0, memory: UInt64(counter.memory), level: UInt8(counter.level),
            order: work.order.rawValue)
        return try store.read {
            try ValueTable.changes(
                bytes, header, state.shard, state.entity.number, work.field, partBytes: limits.partBytes, in: $0)
        }
    }

    /// Removes what no stored table needs any more of the journal of replaced records.
    func coveredJournal(in transaction: borrowing ReadTransaction) throws -> [Mutation] {
        var covered = state.entity.nextKilled
        for field in [ValueTable.contents] + state.fields.map(\.number) {
            let header = try ValueTable.header(state.shard, state.entity.number, field, in: transaction)
            if let header { covered = min(covered, header.coveredKilled) }
        }
        let range = KeyRange(
            from: KeyBuilder.key(state.shard, entity: state.entity.number),
            upTo: KeyBuilder.key(state.shard, entity: state.entity.number, covered))
        var changes: [Mutation] = []
        try transaction.scan(.killed, range) { key, _ in
            changes.append(.delete(.killed, key: Array(key)))
            return .next
        }
        return changes
    }

    /// The entity's figures, when they are others than before.
    mutating func finish() throws -> [Mutation] {
        if mode == .recount, let countedRecords, countedRecords != state.entity.recordCount {
            state.entity.recordCount = countedRecords
        }
        var figures = StoredEntityFigures()
        figures.recordCount = state.entity.recordCount
        figures.cellCount = figures.recordCount * Int64(state.fields.count)
        figures.valueCount = values
        figures.repeatedCellCount = min(figures.cellCount, max(0, repeated.records) &* Int64(state.fields.count))
        figures.goodCellCount = min(values, max(0, values &- repeated.values))
        figures.approximate = isApproximate
        figures.version = StatisticsLimits.formulaVersion
        figures.coveredSegment = state.entity.nextSegment
        figures.coveredKilled = state.entity.nextKilled
        figures.settleMicros = now.micros
        figures.reloadMicros = mode == .recount ? now.micros : state.entity.figures?.reloadMicros ?? 0
        if let kept = state.entity.figures {
            if mode == .recount, wasCurrent { differences += FigureDifference.between(kept, figures) }
            var same = figures
            same.settleMicros = kept.settleMicros
            // A recount always shows that it took place.
            if same == kept { figures = kept }
        }
        state.entity.figures = figures
        return try state.seal()
    }
}
