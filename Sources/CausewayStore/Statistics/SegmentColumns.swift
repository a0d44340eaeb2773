import Glibc

/// Scratch for the columns of one segment after the other, as the statistics read them. Made once.
final class SegmentColumns {
    /// Rows that a segment may have.
    static let rowLimit = SegmentFormat.maximumRows

    /// Entries of the column in hand, or contents.
    private(set) var entryCount = 0
    /// Whether all entries differ.
    private var isDistinct = false
    /// By entry, in how many of the slots it is; after ``group()`` by the first of equal entries.
    let counts = UnsafeMutablePointer<UInt32>.allocate(capacity: rowLimit)
    /// By entry; 0 never occurs.
    let hashes = UnsafeMutablePointer<UInt64>.allocate(capacity: rowLimit)
    /// By content, how many values it has.
    let contentValues = UnsafeMutablePointer<UInt32>.allocate(capacity: rowLimit)
    // By slot.
    private let sums = UnsafeMutablePointer<UInt64>.allocate(capacity: rowLimit)
    private let valuesOfSlot = UnsafeMutablePointer<UInt32>.allocate(capacity: rowLimit)
    private let mixed = UnsafeMutablePointer<UInt64>.allocate(capacity: rowLimit)
    // Open addressing: 1 + an entry, 0 where free.
    private let table = UnsafeMutablePointer<UInt16>.allocate(capacity: tableSize)
    private static let tableSize = 2 * rowLimit
    private let cellHash: CellHash
    private let closing: UInt64

    init(_ seed: ContentSeed) {
        cellHash = CellHash(seed)
        closing = cellHash.secret(of: .max) | 1
        counts.initialize(repeating: 0, count: Self.rowLimit)
        hashes.initialize(repeating: 0, count: Self.rowLimit)
        contentValues.initialize(repeating: 0, count: Self.rowLimit)
        sums.initialize(repeating: 0, count: Self.rowLimit)
        valuesOfSlot.initialize(repeating: 0, count: Self.rowLimit)
        mixed.initialize(repeating: 0, count: Self.rowLimit)
        table.initialize(repeating: 0, count: Self.tableSize)
    }

    deinit {
        counts.deallocate()
        hashes.deallocate()
        contentValues.deallocate()
        sums.deallocate()
        valuesOfSlot.deallocate()
        mixed.deallocate()
        table.deallocate()
    }

    /// Counts the entries of a column in `slots`, each of which there is, and hashes those that are in any.
    ///
    /// - Returns: how many of `slots` have a value.
    func load(_ view: SegmentColumnView, _ slots: UnsafeBufferPointer<UInt16>) -> Int {
        let (counts, hashes, cellHash, closing) = (counts, hashes, cellHash, closing)
        let (codes, offsets, text) = (view.codes, view.offsets, view.text)
        entryCount = view.entryCount
        isDistinct = view.isDictionary
        var present = 0
        if slots.count == view.rowCount {
            for entry in 0..<entryCount { counts[entry] = UInt32(view.counts[entry]) }
            present = view.rowCount - view.nullCount
        } else {
            counts.update(repeating: 0, count: entryCount)
            for slot in slots {
                let entry = codes[Int(slot)]
                guard entry != SegmentColumnView.null else { continue }
                counts[Int(entry)] &+= 1
                present &+= 1
            }
        }
        for entry in 0..<entryCount where counts[entry] > 0 {
            let start = Int(offsets[entry])
            let hash = cellHash.hash(text + start, Int(offsets[entry &+ 1]) &- start)
            hashes[entry] = hash == 0 ? closing : hash
        }
        return present
    }

    /// Puts the counts of equal entries on the first of them.
    func group() {
        guard !isDistinct else { return }
        let (counts, hashes, table) = (counts, hashes, table)
        table.update(repeating: 0, count: Self.tableSize)
        let mask = Self.tableSize - 1
        for entry in 0..<entryCount where counts[entry] > 0 {
            let wanted = hashes[entry]
            var index = Int(truncatingIfNeeded: wanted) & mask
            while table[index] != 0, hashes[Int(table[index]) &- 1] != wanted { index = (index &+ 1) & mask }
            if table[index] == 0 {
                table[index] = UInt16(truncatingIfNeeded: entry &+ 1)
            } else {
                let first = Int(table[index]) &- 1
                counts[first] &+= counts[entry]
                counts[entry] = 0
            }
        }
        isDistinct = true
    }

    /// What tells a field's values from other fields'.
    func secret(of field: UInt32) -> UInt64 { cellHash.secret(of: field) }

    /// Begins the contents of a segment's rows.
    func clearContents(_ rows: Int) {
        sums.update(repeating: 0, count: rows)
        valuesOfSlot.update(repeating: 0, count: rows)
    }

    /// Adds the column that was loaded for `slots` to their contents.
    func addContents(_ view: SegmentColumnView, _ slots: UnsafeBufferPointer<UInt16>, secret: UInt64) {
        let (sums, values, hashes, mixed, codes) = (sums, valuesOfSlot, hashes, mixed, view.codes)
        for entry in 0..<entryCount { mixed[entry] = CellHash.mix(hashes[entry], secret) }
        for slot in slots {
            let slot = Int(slot)
            let entry = codes[slot]
            guard entry != SegmentColumnView.null else { continue }
            sums[slot] = sums[slot] &+ mixed[Int(entry)]
            values[slot] &+= 1
        }
    }

    /// Makes the contents of `slots` the entries.
    func finishContents(_ slots: UnsafeBufferPointer<UInt16>) {
        entryCount = slots.count
        isDistinct = false
        for entry in 0..<slots.count {
            let slot = Int(slots[entry])
            let hash = CellHash.mix(sums[slot], closing)
            hashes[entry] = hash == 0 ? closing : hash
            counts[entry] = 1
            contentValues[entry] = valuesOfSlot[slot]
        }
    }
}
