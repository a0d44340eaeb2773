/// Counts a column's cells and gives equal ones the same code, as long as that may be of use. Owns the scratch of it.
struct ColumnSurvey: ~Copyable, Sendable {
    private let hash: KeyedHash
    private let start: UInt64
    // Open addressing: 1 + the index of a value, 0 where free. Twice as many slots as values at least.
    private let slots = Scratch<UInt16>(slotCount)
    private let hashes = Scratch<UInt64>(SegmentFormat.maximumRows)
    private let cells = Scratch<RowBatch.Cell>(SegmentFormat.maximumRows)
    /// For each row its code, or ``nullCode``. Good for all rows only if the column is a dictionary.
    let codes = Scratch<UInt16>(SegmentFormat.maximumRows)
    /// How often each code occurs.
    let counts = Scratch<UInt16>(SegmentFormat.maximumRows)

    static let nullCode = UInt16.max
    private static let slotCount = 8_192
    /// A column in which after so many values less than one of eight is a repeat is none with few values.
    private static let trial = 512

    init(_ seed: ContentSeed) {
        hash = KeyedHash(seed)
        start = hash.start(tweak: .max)
    }

    struct Findings {
        var distinct = 0
        var nulls = 0
        var textBytes = 0
        var distinctBytes = 0
        /// All rows have a code.
        var isDictionary = true
    }

    /// The first of each value found, in the order of their codes.
    func values(_ count: Int, _ cells: ColumnEncoder.Cells) -> ColumnEncoder.Cells {
        ColumnEncoder.Cells(
            base: UnsafePointer(self.cells.base), count: count, text: cells.text, textCount: cells.textCount)
    }

    mutating func look(_ column: ColumnEncoder.Cells) -> Findings {
        var found = Findings()
        let limit = max(256, column.count / 3)
        let hash = hash
        let start = start
        let slots = slots.base
        let hashes = hashes.base
        let values = cells.base
        let codes = codes.base
        let counts = counts.base
        let text = column.text
        let mask = Self.slotCount &- 1
        slots.update(repeating: 0, count: Self.slotCount)
        var distinct = 0
        var row = 0
        rows: while row < column.count {
            let cell = column.base[row]
            if cell.isNull {
                found.nulls &+= 1
                codes[row] = Self.nullCode
                row &+= 1
                continue
            }
            let length = cell.length
            let wanted = hash.hash(text + cell.offset, length, start: start)
            var slot = Int(truncatingIfNeeded: wanted) & mask
            while true {
                let taken = slots[slot]
                if taken == 0 {
                    let seen = row &- found.nulls
                    if distinct == limit || (seen >= Self.trial && seen &- distinct < seen >> 3) {
                        found.isDictionary = false
                        break rows
                    }
                    hashes[distinct] = wanted
                    values[distinct] = cell
                    counts[distinct] = 1
                    codes[row] = UInt16(truncatingIfNeeded: distinct)
                    distinct &+= 1
                    found.distinctBytes &+= length
                    slots[slot] = UInt16(truncatingIfNeeded: distinct)
                    break
                }
                let value = Int(taken) &- 1
                if hashes[value] == wanted, values[value].length == length,
                    ShortBytes.equal(text + values[value].offset, text + cell.offset, length)
                {
                    counts[value] &+= 1
                    codes[row] = UInt16(truncatingIfNeeded: value)
                    break
                }
                slot = (slot &+ 1) & mask
            }
            found.textBytes &+= length
            row &+= 1
        }
        // What is left of a column without a dictionary.
        while row < column.count {
            let cell = column.base[row]
            if cell.isNull { found.nulls &+= 1 } else { found.textBytes &+= cell.length }
            row &+= 1
        }
        found.distinct = distinct
        return found
    }
}
