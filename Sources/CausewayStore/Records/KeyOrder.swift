import Glibc

/// The rows of a batch in the order of their keys; rows with the same key are one group, in source order.
struct KeyOrder: Sendable {
    /// All rows.
    private(set) var rows: [Int32]
    /// For each group where it begins in ``rows``, and at the end how many rows there are.
    private(set) var starts: [Int32] = []

    init(_ keys: RecordKeys) {
        rows = [Int32](0..<Int32(keys.count))
        keys.bytes.withUnsafeBytes { bytes in
            keys.cells.withUnsafeBufferPointer { cells in
                let view = KeyView(bytes: bytes, cells: cells)
                if !view.isSorted { sort(view) }
                starts.reserveCapacity(rows.count + 1)
                for index in rows.indices
                where index == 0 || view.compare(Int(rows[index &- 1]), Int(rows[index])) != 0 {
                    starts.append(Int32(truncatingIfNeeded: index))
                }
            }
        }
        starts.append(Int32(keys.count))
    }

    /// Groups.
    var count: Int { starts.count - 1 }

    func rows(of group: Int) -> ArraySlice<Int32> { rows[Int(starts[group])..<Int(starts[group + 1])] }

    /// A row of the group.
    @inline(__always)
    func leader(_ group: Int) -> Int { Int(rows[Int(starts[group])]) }

    private struct Item {
        var word: UInt64
        var row: Int32
    }

    /// Sorts by the 8 bytes behind what all keys begin with, then those apart that are equal in them. Stable.
    private mutating func sort(_ view: KeyView) {
        let prefix = view.commonPrefix
        let count = rows.count
        withUnsafeTemporaryAllocation(of: Item.self, capacity: count) { first in
            withUnsafeTemporaryAllocation(of: Item.self, capacity: count) { second in
                for row in 0..<count {
                    first[row] = Item(word: view.word(row, after: prefix), row: Int32(truncatingIfNeeded: row))
                }
                let sorted = Self.radix(first, second)
                var begin = 0
                while begin < count {
                    var end = begin + 1
                    while end < count, sorted[end].word == sorted[begin].word { end += 1 }
                    for index in begin..<end { rows[index] = sorted[index].row }
                    if end - begin > 1 { view.sort(&rows[begin..<end]) }
                    begin = end
                }
            }
        }
    }

    /// Sorts by ``Item/word`` byte by byte, the last first; bytes that all words share cost nothing.
    private static func radix(
        _ first: UnsafeMutableBufferPointer<Item>, _ second: UnsafeMutableBufferPointer<Item>
    ) -> UnsafeMutableBufferPointer<Item> {
        var (source, target) = (first, second)
        return withUnsafeTemporaryAllocation(of: Int32.self, capacity: 8 * 256) { counts in
            counts.update(repeating: 0)
            for item in source {
                for digit in 0..<8 {
                    counts[digit &* 256 &+ Int(truncatingIfNeeded: item.word &>> UInt64(digit &* 8) & 0xFF)] &+= 1
                }
            }
            for digit in 0..<8 {
                let shift = UInt64(digit &* 8)
                let base = digit &* 256
                let sample = base &+ Int(truncatingIfNeeded: source[0].word &>> shift & 0xFF)
                guard Int(counts[sample]) < source.count else { continue }
                var sum: Int32 = 0
                for value in 0..<256 {
                    let own = counts[base &+ value]
                    counts[base &+ value] = sum
                    sum &+= own
                }
                for item in source {
                    let slot = base &+ Int(truncatingIfNeeded: item.word &>> shift & 0xFF)
                    target[Int(counts[slot])] = item
                    counts[slot] &+= 1
                }
                swap(&source, &target)
            }
            return source
        }
    }
}

/// Keys in memory, valid only where it was made.
struct KeyView {
    let bytes: UnsafeRawBufferPointer
    let cells: UnsafeBufferPointer<RowBatch.Cell>

    @inline(__always)
    func key(_ row: Int) -> UnsafeRawBufferPointer {
        let cell = cells[row]
        return UnsafeRawBufferPointer(rebasing: bytes[cell.offset..<cell.offset &+ cell.length])
    }

    /// Below zero when `a`'s key stands before `b`'s, zero when they are equal.
    @inline(__always)
    func compare(_ a: Int, _ b: Int) -> Int { compareKeys(key(a), key(b)) }

    var isSorted: Bool {
        for row in cells.indices.dropFirst() where compare(row &- 1, row) > 0 { return false }
        return true
    }

    /// How many bytes all keys begin with alike.
    var commonPrefix: Int {
        guard !cells.isEmpty else { return 0 }
        let first = key(0)
        var common = first.count
        for row in cells.indices where common > 0 {
            let other = key(row)
            common = min(common, other.count)
            if let a = first.baseAddress, let b = other.baseAddress, memcmp(a, b, common) == 0 { continue }
            common = zip(first.prefix(common), other).prefix { $0 == $1 }.count
        }
        return common
    }

    /// The 8 bytes behind `prefix` as a number that orders as they do, zeros behind the key's end.
    @inline(__always)
    func word(_ row: Int, after prefix: Int) -> UInt64 { keyWord(key(row), after: prefix) }

    func sort(_ rows: inout ArraySlice<Int32>) {
        let isSorted = zip(rows, rows.dropFirst()).allSatisfy { compare(Int($0), Int($1)) <= 0 }
        guard !isSorted else { return }
        rows.sort {
            let order = compare(Int($0), Int($1))
            return order == 0 ? $0 < $1 : order < 0
        }
    }
}

/// Below zero when `a` stands before `b` in bytewise order, zero when they are equal.
@inline(__always)
func compareKeys(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let common = min(a.count, b.count)
    guard common > 0, let first = a.baseAddress, let second = b.baseAddress else { return a.count &- b.count }
    let order = memcmp(first, second, common)
    return order == 0 ? a.count &- b.count : Int(order)
}

/// The 8 bytes of `key` behind its first `prefix` as a number that orders as they do, zeros behind the key's end.
@inline(__always)
func keyWord(_ key: UnsafeRawBufferPointer, after prefix: Int) -> UInt64 {
    let rest = key.count &- prefix
    guard rest > 0 else { return 0 }
    if rest >= 8 { return UInt64(bigEndian: key.loadUnaligned(fromByteOffset: prefix, as: UInt64.self)) }
    var word: UInt64 = 0
    for index in prefix..<key.count { word = word &<< 8 | UInt64(key[index]) }
    return word &<< UInt64(8 &* (8 &- rest))
}
