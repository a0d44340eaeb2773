import CausewayCore

/// What identifies a record.
enum RecordIdentity: Hashable, Sendable {
    /// The columns of the primary key, in the key's order.
    case primaryKey(columns: [Int])
    /// The file and the row in it.
    case sourcePosition
}

/// The index keys of a batch's rows, one behind the other.
///
/// A key of one field is its text. Of several fields all but the last are written with 00 as 00 FF and closed by 00 01,
/// so that no two keys of the same fields have the same bytes and bytes order as the tuples of texts do. What is longer
/// than 200 bytes becomes its first 200 bytes and a 128-bit hash of all: longer than any key in full. Without a primary
/// key it is a 128-bit hash of the path and the row number.
struct RecordKeys: Sendable {
    static let longest = 200

    private(set) var bytes: [UInt8] = []
    /// Where each key ends.
    private(set) var ends: [Int] = []
    private let hash: KeyedHash
    private let start: UInt64

    init(_ batch: RowBatch, identity: RecordIdentity, source: String, seed: ContentSeed) {
        hash = KeyedHash(seed)
        start = hash.start(tweak: Tweak.grouping)
        ends.reserveCapacity(batch.rowCount)
        switch identity {
        case .primaryKey(let columns): appendKeys(batch, columns)
        case .sourcePosition: appendPositions(batch, source)
        }
    }

    var count: Int { ends.count }

    func range(_ row: Int) -> Range<Int> { (row == 0 ? 0 : ends[row - 1])..<ends[row] }

    /// A hash of each key, for tables in memory.
    func hashes() -> [UInt64] {
        bytes.withUnsafeBufferPointer { bytes in
            (0..<count).map { row in
                let range = range(row)
                guard let base = bytes.baseAddress else { return 0 }
                return hash.hash(base + range.lowerBound, range.count, start: start)
            }
        }
    }

    private enum Tweak {
        static let grouping: UInt64 = 0xF000_0000_0000_0001
        static let longKey: UInt64 = 0xF000_0000_0000_0002
        static let path: UInt64 = 0xF000_0000_0000_0003
    }

    private mutating func appendKeys(_ batch: RowBatch, _ columns: [Int]) {
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
            ends.append(bytes.count)
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
        for row in 0..<batch.rowCount {
            bytes.appendFixed(path.0)
            bytes.appendFixed(path.1)
            withUnsafeBytes(of: OrderedNumber.encode(batch.sourceRows[row]).bigEndian) { bytes.append(contentsOf: $0) }
            ends.append(bytes.count)
        }
    }
}
