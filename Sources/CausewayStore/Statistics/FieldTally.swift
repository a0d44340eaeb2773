import CausewayCore
import CausewayMessages

/// What is known of the values of one field.
final class FieldTally {
    let order: ValueOrder
    let counter: ValueCounter
    /// The field alone tells records apart: its values are all distinct.
    let isKey: Bool
    /// Live records that carry the field.
    var rows: Int64 = 0
    /// Their values.
    var values: Int64 = 0
    /// When the newest of the records that were counted came, in microseconds.
    var importMicros: Int64 = 0
    /// Kept up beyond exact counting only; before, they are in the table.
    var extremes = Extremes()

    /// The level of a key's table beyond exact counting, which holds next to nothing: what it would say is known.
    static let keyLevel: UInt8 = 40

    init(_ order: ValueOrder, _ counter: ValueCounter, isKey: Bool) {
        self.order = order
        self.counter = counter
        self.isKey = isKey
    }

    /// Whether the values could be counted exactly, but are not.
    var isTooCoarse: Bool {
        isKey ? !counter.isExact && values <= Int64(counter.limits.exactDistinct) : counter.isTooCoarse
    }

    /// Whether the figures can only be had by counting anew.
    var isLost: Bool {
        !counter.isConsistent || rows < 0 || values < 0 || values > rows
            || (!counter.isExact && values > 0 && extremes.isLost)
    }

    /// Whether the column in hand must be hashed.
    var needsHashes: Bool { !isKey || counter.level < UInt64(Self.keyLevel) }

    /// Counts the column in hand.
    func add(_ column: SegmentColumns, rows: Int) {
        self.rows += Int64(rows)
        guard column.values > 0 else { return }
        values += Int64(column.values)
        let (counter, total) = (counter, column.entryCount)
        guard needsHashes else {
            extremes.add(column, from: 0, order)
            return counter.endSegment()
        }
        let limit = counter.limits.exactDistinct
        if !counter.isExact || counter.live + total > limit { column.group() }
        var first = 0
        if counter.isExact {
            first = counter.add(column.hashes, column.counts, total) { entry in
                let (bytes, length) = column.bytes(entry)
                return counter.texts.append(bytes, length)
            }
            if counter.live > limit {
                extremes = Extremes(of: counter, order)
                counter.becomeSample()
                if isKey { counter.coarsen(to: UInt64(Self.keyLevel)) }
            }
        }
        if first < total {
            counter.addSampled(column.hashes, column.counts, from: first, to: total) { _ in 0 }
            column.eachRepeat(from: first) { entry, count in
                let (bytes, length) = column.bytes(entry)
                let kept = min(length, StatisticsLimits.keptBytes)
                counter.report(
                    column.hashes[entry], count, Array(UnsafeBufferPointer(start: bytes, count: kept)), note: length)
            }
            extremes.add(column, from: first, order)
        }
        counter.endSegment()
    }

    /// Takes the column in hand away.
    func subtract(_ column: SegmentColumns, rows: Int) {
        self.rows -= Int64(rows)
        values -= Int64(column.values)
        if needsHashes { counter.subtract(column.hashes, column.counts, column.entryCount) }
        if !counter.isExact, column.values > 0 { extremes.subtract(column, order) }
        if column.values > 0, values == 0 { extremes = Extremes() }
    }

    /// The figures.
    var figures: StoredFieldFigures {
        var figures = StoredFieldFigures()
        figures.rowCount = rows
        figures.valueCount = values
        figures.distinctCount = isKey ? values : min(counter.distinct, values)
        figures.approximate = !counter.isExact && !isKey
        figures.dataUpdateMicros = importMicros
        figures.order = UInt32(order.rawValue)
        guard values > 0 else { return figures }
        let extremes = counter.isExact ? Extremes(of: counter, order) : extremes
        figures.hasExtremes = true
        figures.minimum = extremes.least.bytes
        figures.maximum = extremes.greatest.bytes
        figures.hasMean = order == .number && extremes.unfit == 0
        if figures.hasMean { figures.mean = Double(extremes.sum) / Double(values) / 1_000_000_000 }
        figures.shortestLength = Int64(extremes.shortest.characters)
        figures.longestLength = Int64(extremes.longest.characters)
        if counter.isExact {
            figures.topValues = exactTop()
        } else if !isKey {
            (figures.topValues, figures.topValuesError) = frequentTop()
        }
        return figures
    }

    private func exactTop() -> [StoredTopValue] {
        var best = TopValues(counter.limits.shown)
        for index in 0..<counter.capacity {
            let slot = counter.slots[index]
            guard slot.count > 0, best.mayTake(Int64(slot.count)) else { continue }
            let text = counter.texts.text(slot.note)
            best.take(Int64(slot.count), text.bytes, truncated: text.length > text.bytes.count)
        }
        return best.values
    }

    /// What occurs more often than the bound, below which the list would be chance, and how often a value may occur
    /// without being in it.
    private func frequentTop() -> (values: [StoredTopValue], error: Int64) {
        var best = TopValues(counter.limits.shown)
        var greatestLeftOut: Int64 = 0
        for known in counter.frequent.values {
            guard known.count > counter.bound else {
                greatestLeftOut = max(greatestLeftOut, known.count)
                continue
            }
            guard best.mayTake(known.count) else { continue }
            best.take(known.count, known.text, truncated: known.note > known.text.count)
        }
        return (best.values, counter.bound + greatestLeftOut)
    }
}

/// The most frequent values, of equally frequent ones the first by their bytes.
struct TopValues {
    private(set) var values: [StoredTopValue] = []
    private let limit: Int

    init(_ limit: Int) { self.limit = limit }

    @inline(__always)
    func mayTake(_ count: Int64) -> Bool { values.count < limit || count >= (values.last?.count ?? 0) }

    mutating func take(_ count: Int64, _ text: [UInt8], truncated: Bool) {
        var value = StoredTopValue()
        value.value = text
        value.count = count
        value.truncated = truncated
        var at = values.count
        while at > 0, Self.isBefore(value, values[at - 1]) { at -= 1 }
        guard at < limit else { return }
        values.insert(value, at: at)
        if values.count > limit { values.removeLast() }
    }

    private static func isBefore(_ a: StoredTopValue, _ b: StoredTopValue) -> Bool {
        if a.count != b.count { return a.count > b.count }
        if a.value != b.value { return isBelow(a.value, b.value) }
        return !a.truncated && b.truncated
    }
}
