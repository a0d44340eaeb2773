/// Entries that are numbers of one style, whose order is that of the numbers.
struct NumberEntries {
    /// Between which they lie.
    let range: ClosedRange<Int64>
    /// Whether they count for a sum.
    let isSummed: Bool
    /// How many values they are.
    let total: Int64
    private let style: NumberStyle
    /// Times this, a number is its key in the order.
    private let unit: Int128
    private let numbers: UnsafePointer<Int64>
    private let counts: UnsafePointer<UInt32>
    private let count: Int

    /// Nil when the column in hand is none of numbers, or they are to be ordered in another way.
    init?(_ column: SegmentColumns, from first: Int, _ order: ValueOrder) {
        guard let style = column.style, let unit = Self.unit(style, order), first < column.entryCount else {
            return nil
        }
        self.style = style
        self.unit = unit
        isSummed = order == .number
        numbers = UnsafePointer(column.numbers) + first
        counts = UnsafePointer(column.counts) + first
        count = column.entryCount - first
        var total: UInt32 = 0
        for index in 0..<count { total &+= counts[index] }
        self.total = Int64(total)
        guard first > 0 else {
            range = column.range
            return
        }
        var (low, high) = (Int64.max, Int64.min)
        for index in 0..<count {
            low = min(low, numbers[index])
            high = max(high, numbers[index])
        }
        range = low...high
    }

    private static func unit(_ style: NumberStyle, _ order: ValueOrder) -> Int128? {
        switch (order, style.form) {
        case (.number, .decimal):
            guard style.scale <= 9 else { return nil }
            return (style.scale..<9).reduce(1) { unit, _ in unit * 10 }
        case (.time, .date): return 86_400 * 1_000_000_000
        case (.time, .dateTime): return 1_000_000_000
        default: return nil
        }
    }

    /// What ``ValueOrder/key(_:_:)`` says of its text.
    func key(_ number: Int64) -> Int128 { Int128(number) * unit }

    func withText(_ number: Int64, _ body: (UnsafePointer<UInt8>, Int) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { text in
            guard let base = text.baseAddress else { return }
            body(base, style.write(number, to: base))
        }
    }

    /// Of the keys.
    var sum: Int128 {
        // Of 4,096 numbers below this the sum cannot overflow.
        let small: Int64 = 1 << 50
        guard range.lowerBound > -small, range.upperBound < small else {
            var sum: Int128 = 0
            for index in 0..<count { sum += Int128(numbers[index]) * Int128(counts[index]) }
            return sum * unit
        }
        var sum: Int64 = 0
        for index in 0..<count { sum &+= numbers[index] &* Int64(counts[index]) }
        return Int128(sum) * unit
    }

    /// How many of the values lie in a range.
    func holders(_ wanted: ClosedRange<Int64>) -> Int64 {
        let (low, high) = (wanted.lowerBound, wanted.upperBound)
        var found: UInt32 = 0
        for index in 0..<count {
            let number = numbers[index]
            found &+= number >= low && number <= high ? counts[index] : 0
        }
        return Int64(found)
    }

    /// The lengths of the shortest and of the longest of their texts.
    var lengths: (shortest: Int, longest: Int) {
        let (low, high) = (style.length(range.lowerBound), style.length(range.upperBound))
        guard style.form == .decimal, range.lowerBound < 0, range.upperBound >= 0 else {
            return (min(low, high), max(low, high))
        }
        var shortest = min(low, high)
        for index in 0..<count { shortest = min(shortest, style.length(numbers[index])) }
        return (shortest, max(low, high))
    }

    func holders(ofLength length: Int) -> Int64 {
        guard style.form == .decimal else { return total }
        var found: Int64 = 0
        if let range = style.magnitudes(length) { found += holders(range) }
        if let range = style.magnitudes(length - 1), range.upperBound > 0 {
            found += holders(-range.upperBound ... -max(1, range.lowerBound))
        }
        return found
    }
}

extension NumberStyle {
    /// Bytes of a number's text.
    func length(_ number: Int64) -> Int {
        switch form {
        case .date: return 10
        case .dateTime: return 20
        case .decimal:
            var digits = 1
            var rest = number.magnitude / 10
            while rest > 0 {
                digits += 1
                rest /= 10
            }
            return max(digits, scale + 1) + (scale > 0 ? 1 : 0) + (number < 0 ? 1 : 0)
        }
    }

    /// The numbers from 0 on whose text as a decimal has this length; nil when there are none.
    func magnitudes(_ length: Int) -> ClosedRange<Int64>? {
        let digits = length - (scale > 0 ? 1 : 0)
        guard digits > scale, digits <= 18 else { return nil }
        let low = (1..<digits).reduce(Int64(1)) { power, _ in power * 10 }
        return (digits == scale + 1 ? 0 : low)...(low - 1 + 9 * low)
    }
}
