import CausewayCore

/// What identifies a record.
enum RecordIdentity: Hashable, Sendable {
    /// The columns of the primary key, in the key's order.
    case primaryKey(columns: [Int])
    /// The file and the row in it.
    case sourcePosition
}

/// The index keys of a batch's rows. Keys of one column are read where they lie in the batch's text; others are made.
///
/// A key of one field is its text. Of several fields all but the last are written with 00 as 00 FF and closed by 00 01,
/// so that no two keys of the same fields have the same bytes and bytes order as the tuples of texts do. What is longer
/// than 200 bytes becomes its first 200 bytes and a 128-bit hash of all: longer than any key in full. Without a primary
/// key it is a 128-bit hash of the path and the row number.
struct RecordKeys: Sendable {
    /// Bytes of the longest key that is kept whole.
    static let longest = 200
    /// Bytes of the longest index key.
    static let greatestSize = longest + 16

    /// What all keys lie in.
    private(set) var bytes: [UInt8] = []
    /// Where each row's key lies in ``bytes``.
    private(set) var cells: [RowBatch.Cell] = []
    private let hash: KeyedHash

    init(_ batch: RowBatch, identity: RecordIdentity, source: String, seed: ContentSeed) {
        hash = KeyedHash(seed)
        switch identity {
        case .primaryKey(let columns):
            if !shareText(batch, columns) { appendKeys(batch, columns) }
        case .sourcePosition: appendPositions(batch, source)
        }
    }

    var count: Int { cells.count }

    func range(_ row: Int) -> Range<Int> { cells[row].offset..<cells[row].offset + cells[row].length }

    private enum Tweak {
        static let longKey: UInt64 = 0xF000_0000_0000_0002
        static let path: UInt64 = 0xF000_0000_0000_0003
    }

    /// - Returns: false when the keys must be made: they are of several columns, or one of them is too long.
    private mutating func shareText(_ batch: RowBatch, _ columns: [Int]) -> Bool {
        guard columns.count == 1, let column = columns.first else { return false }
        let width = batch.columnCount
        var isShort = true
        let found = batch.cells.withUnsafeBufferPointer { all in
            [RowBatch.Cell](unsafeUninitializedCapacity: batch.rowCount) { target, count in
                for row in 0..<batch.rowCount {
                    let cell = all[row &* width &+ column]
                    let key = cell.isNull ? RowBatch.Cell(offset: 0, length: 0) : cell
                    isShort = isShort && key.length <= Self.longest
                    target.initializeElement(at: row, to: key)
                }
                count = batch.rowCount
            }
        }
        guard isShort else { return false }
        bytes = batch.text
        cells = found
        return true
    }

    private mutating func endKey(from begin: Int) {
        cells.append(RowBatch.Cell(offset: begin, length: bytes.count - begin))
    }

    private mutating func appendKeys(_ batch: RowBatch, _ columns: [Int]) {
        cells.reserveCapacity(batch.rowCount)
        for row in 0..<batch.rowCount {
            let begin = bytes.count
            for (index, column) in columns.enumerated() {
                let cell = batch.cell(row: row, column: column)
                let isLast = index == columns.count - 1
                if !cell.isNull {
                    let range = cell.offset..<cell.offset + cell.length
                    if isLast { bytes.append(contentsOf: batch.text[range]) } else { appendEscaped(batch.text[range]) }
                }
                if !isLast { bytes.append(contentsOf: [0x00, 0x01]) }
            }
            shorten(from: begin)
            endKey(from: begin)
        }
    }

    private mutating func appendEscaped(_ part: ArraySlice<UInt8>) {
        for byte in part {
            bytes.append(byte)
            if byte == 0 { bytes.append(0xFF) }
        }
    }

    private mutating func shorten(from begin: Int) {
        guard bytes.count - begin > Self.longest else { return }
        let whole = bytes[begin...].withUnsafeBufferPointer { hash.wide($0, tweak: Tweak.longKey) }
        bytes.removeSubrange((begin + Self.longest)...)
        bytes.appendFixed(whole.0)
        bytes.appendFixed(whole.1)
    }

    private mutating func appendPositions(_ batch: RowBatch, _ source: String) {
        let path = Array(source.utf8).withUnsafeBufferPointer { hash.wide($0, tweak: Tweak.path) }
        cells.reserveCapacity(batch.rowCount)
        for row in 0..<batch.rowCount {
            let begin = bytes.count
            bytes.appendFixed(path.0)
            bytes.appendFixed(path.1)
            withUnsafeBytes(of: OrderedNumber.encode(batch.sourceRows[row]).bigEndian) { bytes.append(contentsOf: $0) }
            endKey(from: begin)
        }
    }
}

extension KeyedHash {
    private static let filterTweak: UInt64 = 0xF000_0000_0000_0001

    /// What filters know a key by.
    @inline(__always)
    func filterHash(_ key: UnsafeRawBufferPointer, start: UInt64) -> UInt64 {
        guard let base = key.baseAddress else { return start }
        return hash(base.assumingMemoryBound(to: UInt8.self), key.count, start: start)
    }

    var filterStart: UInt64 { start(tweak: Self.filterTweak) }
}
