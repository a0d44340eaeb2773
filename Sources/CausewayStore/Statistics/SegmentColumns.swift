import Glibc

/// The values of one column of one segment after the other, as the statistics read them. Its memory is made once.
///
/// A column in hand has entries: of a column with few values the values, each of which may be in many rows; of any other
/// the value of each row that has one, in the order of the rows.
final class SegmentColumns {
    /// Rows that a segment may have.
    static let rowLimit = SegmentFormat.maximumRows

    /// Entries of the column in hand, or contents.
    var entryCount = 0
    /// Whether each entry is the value of one row.
    private(set) var isByRow = false
    /// In how many rows there is a value.
    private(set) var values = 0
    /// When all entries are numbers: how they are written, the entries, and between which they lie.
    private(set) var style: NumberStyle?
    let numbers = UnsafeMutablePointer<Int64>.allocate(capacity: rowLimit)
    private(set) var range: ClosedRange<Int64> = 0...0
    /// Else where each entry's text lies in ``text``, behind which ``ByteSink/padding`` bytes can be read.
    let starts = UnsafeMutablePointer<UInt32>.allocate(capacity: rowLimit)
    let lengths = UnsafeMutablePointer<UInt32>.allocate(capacity: rowLimit)
    private(set) var text: UnsafeMutablePointer<UInt8>
    /// Whether a text has as many characters as bytes.
    private(set) var isASCII = true
    /// By entry, in how many rows it is, possibly none; after ``group()`` by the first of equal entries.
    let counts = UnsafeMutablePointer<UInt32>.allocate(capacity: rowLimit)
    /// By entry, after ``hash()``; 0 never occurs.
    let hashes = UnsafeMutablePointer<UInt64>.allocate(capacity: rowLimit)
    /// After ``group()``, the entries that are in more than one row, each once.
    let repeats = UnsafeMutablePointer<UInt16>.allocate(capacity: rowLimit)
    var repeatCount = 0
    /// By content, how many values it has.
    let contentValues = UnsafeMutablePointer<UInt32>.allocate(capacity: rowLimit)
    /// For one segment after the other.
    let zstd = ZstdDecompressor()

    let valueHash: ValueHash
    /// By row: what its values add up to.
    let sums = UnsafeMutablePointer<UInt64>.allocate(capacity: rowLimit)
    /// By entry, and 0 behind the last: what it adds.
    let mixed = UnsafeMutablePointer<UInt64>.allocate(capacity: rowLimit + 1)
    /// By entry of a column by row: which row it is in.
    let positions = UnsafeMutablePointer<UInt16>.allocate(capacity: rowLimit)
    /// Open addressing: 1 + an entry, 0 where free.
    let table = UnsafeMutablePointer<UInt16>.allocate(capacity: tableSize)
    static let tableSize = 2 * rowLimit
    /// Bits by hash.
    let seen = UnsafeMutablePointer<UInt64>.allocate(capacity: seenWords)
    static let seenWords = 1 << 10
    /// Where the text of a number is written, or an empty one lies.
    private let written = UnsafeMutablePointer<UInt8>.allocate(capacity: ByteSink.padding)
    /// Holds the texts.
    private(set) var view: SegmentColumnView?

    init(_ seed: ContentSeed) {
        valueHash = ValueHash(seed)
        text = written
        written.initialize(repeating: 0, count: ByteSink.padding)
    }

    deinit {
        numbers.deallocate()
        starts.deallocate()
        lengths.deallocate()
        counts.deallocate()
        hashes.deallocate()
        repeats.deallocate()
        contentValues.deallocate()
        sums.deallocate()
        mixed.deallocate()
        positions.deallocate()
        table.deallocate()
        seen.deallocate()
        written.deallocate()
    }

    /// Takes a column in hand: its values in `slots`, each of which there is, in rising order.
    ///
    /// - Returns: false when the segment does not carry the field.
    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    func load(
        _ field: UInt32, of segment: borrowing SegmentView, _ slots: UnsafeBufferPointer<UInt16>
    ) throws -> Bool {
        try segment.withColumn(of: field) { column throws(Damage) in
            repeatCount = 0
            switch column {
            case .numbers(let column):
                style = column.style
                isByRow = true
                (entryCount, range) = try column.read(slots, to: numbers, positions: positions)
                values = entryCount
                counts.update(repeating: 1, count: entryCount)
            case .texts(let view):
                style = nil
                isByRow = !view.isDictionary
                self.view = view
                text = view.text
                isASCII = Self.isASCII(text, Int(view.offsets[view.entryCount]))
                if isByRow { takeRows(view, slots) } else { takeDictionary(view, slots) }
            }
        }
    }

    private func takeRows(_ view: SegmentColumnView, _ slots: UnsafeBufferPointer<UInt16>) {
        let (starts, lengths, positions) = (starts, lengths, positions)
        let (codes, offsets) = (view.codes, view.offsets)
        var count = 0
        for index in 0..<slots.count {
            let slot = Int(slots[index])
            let start = offsets[slot]
            starts[count] = start
            lengths[count] = offsets[slot &+ 1] &- start
            positions[count] = UInt16(truncatingIfNeeded: index)
            count &+= codes[slot] == SegmentColumnView.null ? 0 : 1
        }
        entryCount = count
        values = count
        counts.update(repeating: 1, count: count)
    }

    private func takeDictionary(_ view: SegmentColumnView, _ slots: UnsafeBufferPointer<UInt16>) {
        let (starts, lengths, counts) = (starts, lengths, counts)
        let (codes, offsets) = (view.codes, view.offsets)
        entryCount = view.entryCount
        for entry in 0..<entryCount {
            starts[entry] = offsets[entry]
            lengths[entry] = offsets[entry &+ 1] &- offsets[entry]
        }
        guard slots.count < view.rowCount else {
            for entry in 0..<entryCount { counts[entry] = UInt32(view.counts[entry]) }
            return values = view.rowCount - view.nullCount
        }
        counts.update(repeating: 0, count: entryCount)
        var present = 0
        for slot in slots {
            let entry = codes[Int(slot)]
            guard entry != SegmentColumnView.null else { continue }
            counts[Int(entry)] &+= 1
            present &+= 1
        }
        values = present
    }

    private static func isASCII(_ text: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        var bits: UInt8 = 0
        for index in 0..<count { bits |= text[index] }
        return bits < 0x80
    }

    /// Hashes the entries.
    func hash() {
        let (hashes, valueHash) = (hashes, valueHash)
        if let style {
            let (numbers, start) = (numbers, valueHash.start(of: style))
            for entry in 0..<entryCount { hashes[entry] = valueHash.hash(numbers[entry], start: start) }
            return
        }
        let (text, starts, lengths, counts) = (text, starts, lengths, counts)
        for entry in 0..<entryCount where counts[entry] > 0 {
            hashes[entry] = valueHash.hash(text + Int(starts[entry]), Int(lengths[entry]))
        }
    }

    /// The bytes of an entry, valid until the next call.
    @inline(__always)
    func bytes(_ entry: Int) -> (bytes: UnsafePointer<UInt8>, length: Int) {
        guard let style else { return (UnsafePointer(text) + Int(starts[entry]), Int(lengths[entry])) }
        return (UnsafePointer(written), style.write(numbers[entry], to: written))
    }

    /// Lets go of the column in hand. Contents are no column.
    func letGo() {
        style = nil
        view = nil
        text = written
        isByRow = true
        repeatCount = 0
    }
}
