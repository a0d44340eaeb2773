import Glibc

/// The least and the greatest value, the shortest and the longest, with how many have each, and the sum of numbers.
///
/// Values may be taken away. When the last that had an extreme goes and none came that reaches it, the extreme is lost:
/// it must be looked for among all values.
struct Extremes: Hashable {
    /// An end of an order.
    struct Bound: Hashable {
        var key: Int128 = 0
        var bytes: [UInt8] = []
        var holders: Int64 = 0
        var isKnown = false
    }

    /// A length in characters.
    struct Length: Hashable {
        var characters = 0
        var holders: Int64 = 0
        var isKnown = false
    }

    var least = Bound()
    var greatest = Bound()
    var shortest = Length()
    var longest = Length()
    /// Of values times 10^9.
    var sum: Int128 = 0
    /// Values that the sum does not hold.
    var unfit: Int64 = 0

    var isLost: Bool {
        least.holders <= 0 || greatest.holders <= 0 || shortest.holders <= 0 || longest.holders <= 0
    }

    init() {}

    /// Those of all values of an exact table.
    init(of counter: ValueCounter, _ order: ValueOrder) {
        self.init()
        for index in 0..<counter.capacity {
            let slot = counter.slots[index]
            guard slot.count > 0 else { continue }
            counter.texts.with(slot.note) { bytes, kept, _, characters in
                add(bytes, kept, characters, Int64(slot.count), order)
            }
        }
    }

    /// - Parameters:
    ///   - kept: bytes that are there, ``StatisticsLimits/keptBytes`` at most.
    ///   - characters: of the whole value.
    @inline(__always)
    mutating func add(
        _ bytes: UnsafePointer<UInt8>, _ kept: Int, _ characters: Int, _ count: Int64, _ order: ValueOrder
    ) {
        let (key, fits) = order.key(bytes, kept)
        if fits { sum = sum &+ key &* Int128(count) } else { unfit &+= count }
        if key <= least.key || !least.isKnown { Self.reach(&least, key, bytes, kept, count, upward: false) }
        if key >= greatest.key || !greatest.isKnown { Self.reach(&greatest, key, bytes, kept, count, upward: true) }
        if characters <= shortest.characters || !shortest.isKnown {
            Self.reach(&shortest, characters, count)
        }
        if characters >= longest.characters || !longest.isKnown { Self.reach(&longest, characters, count) }
    }

    /// Takes away what ``add(_:_:_:_:_:)`` added.
    mutating func subtract(
        _ bytes: UnsafePointer<UInt8>, _ kept: Int, _ characters: Int, _ count: Int64, _ order: ValueOrder
    ) {
        let (key, fits) = order.key(bytes, kept)
        if fits { sum = sum &- key &* Int128(count) } else { unfit -= count }
        if Self.compare(key, bytes, kept, least) == 0 { least.holders -= count }
        if Self.compare(key, bytes, kept, greatest) == 0 { greatest.holders -= count }
        if characters == shortest.characters { shortest.holders -= count }
        if characters == longest.characters { longest.holders -= count }
    }

    @inline(never)
    static func reach(
        _ bound: inout Bound, _ key: Int128, _ bytes: UnsafePointer<UInt8>, _ kept: Int, _ count: Int64, upward: Bool
    ) {
        let order = bound.isKnown ? compare(key, bytes, kept, bound) : 0
        if bound.isKnown, order == 0 {
            bound.holders += count
        } else if !bound.isKnown || (order > 0) == upward {
            bound = Bound(
                key: key, bytes: Array(UnsafeBufferPointer(start: bytes, count: kept)), holders: count, isKnown: true)
        }
    }

    /// Only for lengths that reach the bound.
    @inline(__always)
    static func reach(_ length: inout Length, _ characters: Int, _ count: Int64) {
        if length.isKnown, characters == length.characters {
            length.holders &+= count
        } else {
            length = Length(characters: characters, holders: count, isKnown: true)
        }
    }

    /// Below, at or above the bound.
    @inline(__always)
    static func compare(_ key: Int128, _ bytes: UnsafePointer<UInt8>, _ kept: Int, _ bound: Bound) -> Int {
        if key != bound.key { return key < bound.key ? -1 : 1 }
        let order = bound.bytes.withUnsafeBufferPointer { other -> Int32 in
            guard let base = other.baseAddress else { return 0 }
            return memcmp(bytes, base, min(kept, other.count))
        }
        return order == 0 ? kept - bound.bytes.count : Int(order)
    }
}
