import Glibc

extension Extremes {
    /// Adds the entries of the column in hand from `first` on.
    mutating func add(_ column: SegmentColumns, from first: Int, _ order: ValueOrder) {
        guard first < column.entryCount else { return }
        if let numbers = NumberEntries(column, from: first, order) {
            add(numbers)
        } else if order == .bytes, column.style == nil {
            addTexts(column, from: first)
        } else {
            for entry in first..<column.entryCount where column.counts[entry] > 0 {
                let (bytes, length) = column.bytes(entry)
                add(
                    bytes, min(length, StatisticsLimits.keptBytes), characters(bytes, length),
                    Int64(column.counts[entry]), order)
            }
        }
    }

    /// Takes the entries of the column in hand away.
    mutating func subtract(_ column: SegmentColumns, _ order: ValueOrder) {
        if let numbers = NumberEntries(column, from: 0, order) { return subtract(numbers) }
        let isASCII = column.isASCII
        for entry in 0..<column.entryCount where column.counts[entry] > 0 {
            let (bytes, length) = column.bytes(entry)
            subtract(
                bytes, min(length, StatisticsLimits.keptBytes), isASCII ? length : characters(bytes, length),
                Int64(column.counts[entry]), order)
        }
    }

    private mutating func add(_ numbers: NumberEntries) {
        let (low, high) = (numbers.range.lowerBound, numbers.range.upperBound)
        if numbers.isSummed { sum = sum &+ numbers.sum } else { unfit += numbers.total }
        if !least.isKnown || numbers.key(low) <= least.key {
            numbers.withText(low) {
                Self.reach(&least, numbers.key(low), $0, $1, numbers.holders(low...low), upward: false)
            }
        }
        if !greatest.isKnown || numbers.key(high) >= greatest.key {
            numbers.withText(high) {
                Self.reach(&greatest, numbers.key(high), $0, $1, numbers.holders(high...high), upward: true)
            }
        }
        let (few, many) = numbers.lengths
        if !shortest.isKnown || few <= shortest.characters {
            Self.reach(&shortest, few, numbers.holders(ofLength: few))
        }
        if !longest.isKnown || many >= longest.characters {
            Self.reach(&longest, many, numbers.holders(ofLength: many))
        }
    }

    private mutating func subtract(_ numbers: NumberEntries) {
        let (low, high) = (numbers.range.lowerBound, numbers.range.upperBound)
        if numbers.isSummed { sum = sum &- numbers.sum } else { unfit -= numbers.total }
        numbers.withText(low) { bytes, count in
            if Self.compare(numbers.key(low), bytes, count, least) == 0 { least.holders -= numbers.holders(low...low) }
        }
        numbers.withText(high) { bytes, count in
            if Self.compare(numbers.key(high), bytes, count, greatest) == 0 {
                greatest.holders -= numbers.holders(high...high)
            }
        }
        let (few, many) = numbers.lengths
        if few == shortest.characters { shortest.holders -= numbers.holders(ofLength: few) }
        if many == longest.characters { longest.holders -= numbers.holders(ofLength: many) }
    }

    /// Texts in the order of their bytes. Few are looked at beyond their first sixteen bytes.
    private mutating func addTexts(_ column: SegmentColumns, from first: Int) {
        let (text, starts, lengths, counts) = (UnsafePointer(column.text), column.starts, column.lengths, column.counts)
        let isASCII = column.isASCII
        var low = TextBound(least, upward: false)
        var high = TextBound(greatest, upward: true)
        var total: Int64 = 0
        for entry in first..<column.entryCount {
            let count = Int64(counts[entry])
            guard count > 0 else { continue }
            total &+= count
            let bytes = text + Int(starts[entry])
            let length = Int(lengths[entry])
            let word = TextBound.word(bytes, length)
            if word <= low.first, low.isReached(word, bytes, length) { low.reach(bytes, length, count) }
            if word >= high.first, high.isReached(word, bytes, length) { high.reach(bytes, length, count) }
            let characters = isASCII ? length : characters(bytes, length)
            if characters <= shortest.characters || !shortest.isKnown { Self.reach(&shortest, characters, count) }
            if characters >= longest.characters || !longest.isKnown { Self.reach(&longest, characters, count) }
        }
        unfit += total
        low.store(in: &least)
        high.store(in: &greatest)
    }
}

/// The least or the greatest text so far, while the texts of a column lie in memory.
private struct TextBound {
    /// What any text reaches when there is none so far.
    private(set) var first: UInt64
    private var second: UInt64
    private let upward: Bool
    private let known: Extremes.Bound
    /// Of the column, the text that is beyond what was known.
    private var bytes: UnsafePointer<UInt8>?
    private var count = 0
    private var holders: Int64 = 0

    init(_ bound: Extremes.Bound, upward: Bool) {
        self.upward = upward
        known = bound
        let free: UInt64 = upward ? 0 : .max
        (first, second) = (free, free)
        if bound.isKnown {
            bound.bytes.withUnsafeBufferPointer { all in
                guard let base = all.baseAddress else { return (first, second) = (0, 0) }
                first = ValueOrder.prefix(base, all.count)
                second = ValueOrder.prefix(base + min(8, all.count), max(0, all.count - 8))
            }
        }
    }

    /// The first eight bytes, zeros behind its end. Eight bytes can be read.
    @inline(__always)
    static func word(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
        let word = UInt64(bigEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
        return count >= 8 ? word : count <= 0 ? 0 : word & ~(UInt64.max &>> UInt64(8 &* count))
    }

    /// Whether a text whose first word reaches ``first`` may be the bound or beyond it.
    @inline(__always)
    func isReached(_ word: UInt64, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        guard word == first else { return true }
        let next = Self.word(bytes + 8, count &- 8)
        return upward ? next >= second : next <= second
    }

    @inline(never)
    mutating func reach(_ text: UnsafePointer<UInt8>, _ length: Int, _ holders: Int64) {
        let kept = min(length, StatisticsLimits.keptBytes)
        let order = compare(text, kept)
        if order == 0 { return self.holders += holders }
        guard order > 0 else { return }
        (bytes, count, self.holders) = (text, kept, holders)
        first = Self.word(text, length)
        second = Self.word(text + 8, length - 8)
    }

    /// Below 0 when the text does not reach the bound, above 0 when it is beyond it.
    private func compare(_ text: UnsafePointer<UInt8>, _ kept: Int) -> Int {
        var order = 1
        if let bytes {
            order = Self.compare(text, kept, bytes, count)
        } else if known.isKnown {
            order = known.bytes.withUnsafeBufferPointer { all in
                all.baseAddress.map { Self.compare(text, kept, $0, all.count) } ?? kept
            }
        } else {
            return 1
        }
        return upward ? order : -order
    }

    private static func compare(_ a: UnsafePointer<UInt8>, _ count: Int, _ b: UnsafePointer<UInt8>, _ other: Int) -> Int
    {
        let order = memcmp(a, b, min(count, other))
        return order == 0 ? count - other : Int(order)
    }

    func store(in bound: inout Extremes.Bound) {
        guard let bytes else { return bound.holders += holders }
        bound = Extremes.Bound(
            key: Int128(ValueOrder.prefix(bytes, count)), bytes: Array(UnsafeBufferPointer(start: bytes, count: count)),
            holders: holders, isKnown: true)
    }
}
