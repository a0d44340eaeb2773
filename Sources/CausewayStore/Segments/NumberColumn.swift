/// A column of kind number where it lies in its segment: valid only while the segment's bytes are.
struct NumberColumn {
    let style: NumberStyle
    private let base: Int64
    /// Bytes that each row's distance from the base takes.
    private let width: Int
    private let hasNulls: Bool
    private let distances: UnsafeRawPointer

    /// Reads a column's data to its end. Whether its numbers are in their style's range is not looked at.
    init(_ cursor: inout ByteCursor, rowCount: Int, hasNulls: Bool) throws(Damage) {
        guard let form = NumberStyle.Form(rawValue: try cursor.byte()) else { throw Damage("a form is not known") }
        let scale = Int(try cursor.byte())
        guard scale <= (form == .decimal ? NumberStyle.largestScale : 0) else {
            throw Damage("a scale is out of range")
        }
        style = NumberStyle(form, scale: scale)
        width = Int(try cursor.byte())
        guard [1, 2, 3, 4, 8].contains(width) else { throw Damage("a width is out of range") }
        base = Int64(bitPattern: try cursor.fixed(UInt64.self))
        distances = UnsafeRawPointer(try cursor.part(width * rowCount))
        try cursor.expectEnd()
        self.hasNulls = hasNulls
    }

    /// Reads the numbers of `slots`, those that are null left out.
    ///
    /// - Parameters:
    ///   - numbers: takes the numbers.
    ///   - positions: takes for each number which of `slots` it is in.
    /// - Returns: how many there are, and between which they lie.
    func read(
        _ slots: UnsafeBufferPointer<UInt16>, to numbers: UnsafeMutablePointer<Int64>,
        positions: UnsafeMutablePointer<UInt16>
    ) throws(Damage) -> (count: Int, range: ClosedRange<Int64>) {
        let at = distances
        let count =
            switch width {
            case 1: gather(slots, numbers, positions) { UInt64(at.load(fromByteOffset: $0, as: UInt8.self)) }
            case 2:
                gather(slots, numbers, positions) {
                    UInt64(UInt16(littleEndian: at.loadUnaligned(fromByteOffset: 2 &* $0, as: UInt16.self)))
                }
            case 3: gather(slots, numbers, positions) { Self.threeBytes(at + 3 &* $0) }
            case 4:
                gather(slots, numbers, positions) {
                    UInt64(UInt32(littleEndian: at.loadUnaligned(fromByteOffset: 4 &* $0, as: UInt32.self)))
                }
            default:
                gather(slots, numbers, positions) {
                    UInt64(littleEndian: at.loadUnaligned(fromByteOffset: 8 &* $0, as: UInt64.self))
                }
            }
        guard count > 0 else { return (0, 0...0) }
        var (low, high) = (Int64.max, Int64.min)
        for index in 0..<count {
            low = min(low, numbers[index])
            high = max(high, numbers[index])
        }
        guard style.range.contains(low), style.range.contains(high) else { throw Damage("a number is out of range") }
        return (count, low...high)
    }

    @inline(__always)
    private func gather(
        _ slots: UnsafeBufferPointer<UInt16>, _ numbers: UnsafeMutablePointer<Int64>,
        _ positions: UnsafeMutablePointer<UInt16>, _ distance: (Int) -> UInt64
    ) -> Int {
        guard let slot = slots.baseAddress else { return 0 }
        guard hasNulls else {
            for index in 0..<slots.count {
                numbers[index] = base &+ Int64(bitPattern: distance(Int(slot[index])))
                positions[index] = UInt16(truncatingIfNeeded: index)
            }
            return slots.count
        }
        let null = nullDistance
        var count = 0
        for index in 0..<slots.count {
            let distance = distance(Int(slot[index]))
            numbers[count] = base &+ Int64(bitPattern: distance)
            positions[count] = UInt16(truncatingIfNeeded: index)
            count &+= distance == null ? 0 : 1
        }
        return count
    }

    private var nullDistance: UInt64 { width == 8 ? .max : 1 << UInt64(8 * width) - 1 }

    /// The number of a slot; nil where it is null. For one number after the other; ``read(_:to:positions:)`` is for many.
    @inline(__always)
    func number(_ slot: Int) -> Int64? {
        let at = distances + slot &* width
        let distance: UInt64 =
            switch width {
            case 1: UInt64(at.load(as: UInt8.self))
            case 2: UInt64(UInt16(littleEndian: at.loadUnaligned(as: UInt16.self)))
            case 3: Self.threeBytes(at)
            case 4: UInt64(UInt32(littleEndian: at.loadUnaligned(as: UInt32.self)))
            default: UInt64(littleEndian: at.loadUnaligned(as: UInt64.self))
            }
        return hasNulls && distance == nullDistance ? nil : base &+ Int64(bitPattern: distance)
    }

    @inline(__always)
    private static func threeBytes(_ at: UnsafeRawPointer) -> UInt64 {
        let low = UInt64(UInt16(littleEndian: at.loadUnaligned(as: UInt16.self)))
        return low | UInt64(at.load(fromByteOffset: 2, as: UInt8.self)) << 16
    }
}
