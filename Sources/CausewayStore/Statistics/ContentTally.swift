import CausewayCore
import CausewayMessages

/// How often each content of records occurs, for the figure of repetition.
///
/// Equal contents have equally many values, so that with each content its number of values is kept.
final class ContentTally {
    let counter: ValueCounter

    init(_ counter: ValueCounter) { self.counter = counter }

    var isLost: Bool { !counter.isConsistent }

    /// Counts the contents in hand.
    func add(_ columns: SegmentColumns) {
        let (counter, total, values) = (counter, columns.entryCount, columns.contentValues)
        if !counter.isExact || counter.live + total > counter.limits.exactDistinct { columns.group() }
        var first = 0
        if counter.isExact {
            first = counter.add(columns.hashes, columns.counts, total) { UInt64(values[$0]) }
            if counter.live > counter.limits.exactDistinct { counter.becomeSample() }
        }
        counter.addSampled(columns.hashes, columns.counts, from: first, to: total) { UInt64(values[$0]) }
        columns.eachRepeat(from: first) { entry, count in
            counter.report(columns.hashes[entry], count, [], note: Int(values[entry]))
        }
        counter.endSegment()
    }

    /// Takes the contents in hand away.
    func subtract(_ columns: SegmentColumns) { counter.subtract(columns.hashes, columns.counts, columns.entryCount) }

    /// Records whose content an earlier one has, and their values. Exact as long as contents are counted exactly; else
    /// those of frequent contents, and for the others what the sample says: none, if it has none.
    var repeated: (records: Int64, values: Int64) {
        var sampled: (records: Int64, values: Int64) = (0, 0)
        for index in 0..<counter.capacity {
            let slot = counter.slots[index]
            guard slot.count > 1, counter.frequent[slot.hash] == nil else { continue }
            sampled.records &+= Int64(slot.count - 1)
            sampled.values &+= Int64(slot.count - 1) &* Int64(slot.note)
        }
        var all = (records: sampled.records << Int64(counter.level), values: sampled.values << Int64(counter.level))
        for known in counter.frequent.values where known.count > 1 {
            all.records &+= known.count - 1
            all.values &+= (known.count - 1) &* Int64(known.note)
        }
        return all
    }
}
