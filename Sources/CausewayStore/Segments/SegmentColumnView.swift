/// One field of one segment, decoded: its entries (texts) and, for each slot, which entry it has.
///
/// Owns its memory: it stays good when the segment's bytes are gone. Nothing is allocated when an entry is read. Entries
/// of a column with few values are all different; other columns have an entry for each slot.
package final class SegmentColumnView: @unchecked Sendable {
    // Written by the decoder before anybody else sees it, then never again.

    /// Slots, dead or not.
    package let rowCount: Int
    package let entryCount: Int
    /// Slots that are null.
    package internal(set) var nullCount = 0
    /// Whether the entries are all different. Otherwise entry and slot are the same number.
    package let isDictionary: Bool
    /// How all values are written, when that is known: they need no care in any text format.
    let style: NumberStyle?
    /// For each slot its entry, or ``null``.
    let codes: UnsafeMutablePointer<UInt16>
    /// In how many slots each entry is.
    let counts: UnsafeMutablePointer<UInt16>
    /// Where each entry's text begins; one more than there are entries.
    let offsets: UnsafeMutablePointer<UInt32>
    /// All entries' texts, one behind the other, and ``ByteSink/padding`` readable bytes.
    private(set) var text: UnsafeMutablePointer<UInt8>

    static let null = UInt16.max

    /// With memory for its parts; that for codes, counts and offsets is not initialised.
    init(rowCount: Int, entryCount: Int, isDictionary: Bool, style: NumberStyle? = nil) {
        self.rowCount = rowCount
        self.entryCount = entryCount
        self.isDictionary = isDictionary
        self.style = style
        codes = .allocate(capacity: rowCount)
        counts = .allocate(capacity: max(1, entryCount))
        offsets = .allocate(capacity: entryCount + 1)
        offsets[entryCount] = 0
        text = .allocate(capacity: ByteSink.padding)
        text.initialize(repeating: 0, count: ByteSink.padding)
    }

    deinit {
        codes.deallocate()
        counts.deallocate()
        offsets.deallocate()
        text.deallocate()
    }

    /// Makes room for all entries' texts.
    func allocateText(_ bytes: Int) {
        text.deallocate()
        text = .allocate(capacity: bytes + ByteSink.padding)
        (text + bytes).initialize(repeating: 0, count: ByteSink.padding)
    }

    /// In how many slots, dead or not, an entry is. 0 for the entry of a slot that is null.
    package func count(of entry: Int) -> Int {
        precondition(entry >= 0 && entry < entryCount)
        return Int(counts[entry])
    }

    /// The entry of a slot; nil where it is null.
    package func entry(of slot: Int) -> Int? {
        precondition(slot >= 0 && slot < rowCount)
        let code = codes[slot]
        return code == Self.null ? nil : Int(code)
    }

    /// The bytes of an entry, valid only inside `body`.
    package func withBytes<R>(of entry: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        precondition(entry >= 0 && entry < entryCount)
        return try body(bytes(of: entry))
    }

    /// The bytes of an entry, valid as long as the view. Up to ``ByteSink/padding`` bytes behind them can be read too.
    @inline(__always)
    func bytes(of entry: Int) -> UnsafeRawBufferPointer {
        let start = Int(offsets[entry])
        return UnsafeRawBufferPointer(start: text + start, count: Int(offsets[entry &+ 1]) &- start)
    }

    /// The text of a slot; nil where it is null.
    package func string(_ slot: Int) -> String? {
        entry(of: slot).map { String(decoding: bytes(of: $0), as: UTF8.self) }
    }
}
