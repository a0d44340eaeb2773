import Glibc

/// One column of one segment as the statistics read it, and scratch for the rows of the segment. Made once, filled for
/// each column.
final class SegmentColumns {
    /// Rows that a segment may have.
    static let rowLimit = SegmentFormat.maximumRows

    private(set) var rowCount = 0
    private(set) var entryCount = 0
    /// Whether all entries differ.
    private(set) var isDistinct = false
    private var text: [UInt8] = []
    /// By entry, where its bytes lie in the text: offset in the upper half, length in the lower.
    private let spans = UnsafeMutablePointer<UInt64>.allocate(capacity: rowLimit)
    /// By slot, its entry; -1: null.
    let entries = UnsafeMutablePointer<Int32>.allocate(capacity: rowLimit)
    /// By entry, in how many live slots it is; after ``group()`` by the first of equal entries.
    let counts = UnsafeMutablePointer<UInt32>.allocate(capacity: rowLimit)
    /// By entry.
    let hashes = UnsafeMutablePointer<UInt64>.allocate(capacity: rowLimit)
    /// By slot, the sum of the content's hashes, and its values.
    let sums = UnsafeMutablePointer<UInt64>.allocate(capacity: rowLimit)
    let contentValues = UnsafeMutablePointer<UInt32>.allocate(capacity: rowLimit)
    private let table = UnsafeMutablePointer<UInt16>.allocate(capacity: tableSize)
    private static let tableSize = 2 * rowLimit
    private let hash: KeyedHash
    private let start: UInt64

    init(_ seed: ContentSeed) {
        hash = KeyedHash(seed)
        start = hash.start(tweak: 0xF000_0000_0000_0004)
        contentValues.initialize(repeating: 0, count: Self.rowLimit)
        sums.initialize(repeating: 0, count: Self.rowLimit)
        counts.initialize(repeating: 0, count: Self.rowLimit)
        hashes.initialize(repeating: 0, count: Self.rowLimit)
    }

    deinit {
        spans.deallocate()
        entries.deallocate()
        counts.deallocate()
        hashes.deallocate()
        sums.deallocate()
        contentValues.deallocate()
        table.deallocate()
    }

    /// Fills from a column. Counts are those of `slots`, hashes those of entries that occur in them.
    ///
    /// - Returns: how many of `slots` have a value.
    func load(_ column: SegmentColumn, _ slots: UnsafeBufferPointer<UInt16>) -> Int {
        text = column.text
        rowCount = column.cells.count
        var next = 0
        for slot in 0..<rowCount {
            let cell = column.cells[slot]
            if cell.isNull {
                entries[slot] = -1
            } else {
                entries[slot] = Int32(next)
                spans[next] = cell.bits
                next += 1
            }
        }
        entryCount = next
        isDistinct = false
        return countSlots(slots)
    }

    private func countSlots(_ slots: UnsafeBufferPointer<UInt16>) -> Int {
        counts.update(repeating: 0, count: entryCount)
        var present = 0
        for slot in slots {
            let entry = entries[Int(slot)]
            guard entry >= 0 else { continue }
            counts[Int(entry)] &+= 1
            present &+= 1
        }
        let (hash, start) = (hash, start)
        withText { base in
            for entry in 0..<entryCount where counts[entry] > 0 {
                let span = spans[entry]
                hashes[entry] = hash.hash(base + Int(span &>> 32), Int(span & 0xFFFF_FFFF), start: start)
            }
        }
        return present
    }

    /// Calls `body` with the bytes that ``span(_:)`` lies in.
    @inline(__always)
    func withText<T>(_ body: (UnsafePointer<UInt8>) -> T) -> T {
        text.withUnsafeBufferPointer { text in
            var none: UInt8 = 0
            return withUnsafePointer(to: &none) { body(text.baseAddress ?? $0) }
        }
    }

    @inline(__always)
    func span(_ entry: Int) -> (offset: Int, length: Int) {
        let span = spans[entry]
        return (Int(span &>> 32), Int(span & 0xFFFF_FFFF))
    }

    /// Puts the counts of equal entries on the first of them.
    func group() {
        guard !isDistinct else { return }
        Self.group(hashes, counts, entryCount, table)
    }

    /// Begins the contents of the rows of a segment.
    func clearContents(_ rows: Int) {
        sums.update(repeating: 0, count: rows)
        contentValues.update(repeating: 0, count: rows)
    }

    /// Adds the column in hand to the contents of `slots`.
    func addContents(_ slots: UnsafeBufferPointer<UInt16>, secret: UInt64) {
        let (sums, values, entries, hashes) = (sums, contentValues, entries, hashes)
        for slot in slots {
            let slot = Int(slot)
            let entry = Int(entries[slot])
            guard entry >= 0 else { continue }
            let product = (hashes[entry] ^ secret).multipliedFullWidth(by: secret | 1)
            sums[slot] = sums[slot] &+ (product.high ^ product.low)
            values[slot] &+= 1
        }
    }

    /// Makes each of `slots` an entry with the hash of its content.
    func finishContents(_ slots: UnsafeBufferPointer<UInt16>) {
        entryCount = slots.count
        isDistinct = false
        for (entry, slot) in slots.enumerated() {
            hashes[entry] = hash.finish(sums[Int(slot)])
            counts[entry] = 1
            entries[entry] = Int32(contentValues[Int(slot)])
        }
    }

    /// What makes a hash one of a field.
    func secret(field: UInt32) -> UInt64 { hash.start(tweak: 0xF100_0000_0000_0000 | UInt64(field)) }

    private static func group(
        _ hashes: UnsafeMutablePointer<UInt64>, _ counts: UnsafeMutablePointer<UInt32>, _ entryCount: Int,
        _ table: UnsafeMutablePointer<UInt16>
    ) {
        table.update(repeating: 0, count: tableSize)
        let mask = tableSize - 1
        for entry in 0..<entryCount where counts[entry] > 0 {
            let wanted = hashes[entry]
            var index = Int(truncatingIfNeeded: wanted) & mask
            while table[index] != 0, hashes[Int(table[index]) - 1] != wanted { index = (index &+ 1) & mask }
            if table[index] == 0 {
                table[index] = UInt16(truncatingIfNeeded: entry &+ 1)
            } else {
                counts[Int(table[index]) - 1] &+= counts[entry]
                counts[entry] = 0
            }
        }
    }
}
