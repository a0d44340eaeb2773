/// The hash of a value, whatever field it is in, and what a value in a field adds to its record's content hash.
///
/// A content hash is the sum, with wrap-around, of ``mix(_:_:)`` over all values of a record that are neither null nor of
/// the key. So the order of fields cannot matter, and null and a field that the record does not carry are the same: they
/// add nothing. Values may be taken out of a sum as they were added.
struct CellHash: Sendable {
    private let hash: KeyedHash
    private let start: UInt64

    init(_ seed: ContentSeed) {
        hash = KeyedHash(seed)
        start = hash.start(tweak: .max)
    }

    /// The hash of a value's bytes.
    @inline(__always)
    func hash(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt64 { hash.hash(bytes, count, start: start) }

    /// What tells a field's values from other fields' in ``mix(_:_:)``.
    func secret(of field: UInt32) -> UInt64 { hash.start(tweak: UInt64(field)) }

    /// What a value adds to the content hash of its record.
    ///
    /// - Parameters:
    ///   - cell: the hash of the value.
    ///   - secret: of its field.
    @inline(__always)
    static func mix(_ cell: UInt64, _ secret: UInt64) -> UInt64 {
        KeyedHash.fold(cell ^ secret, secret &* 0x9E37_79B9_7F4A_7C15 | 1)
    }
}

/// The content hashes of the rows of a batch.
struct RowHasher: Sendable {
    private let cellHash: CellHash
    private let columns: [(column: Int, secret: UInt64)]

    /// - Parameter fields: for each column of a batch its field's number; nil for a column of the key or one that is not
    ///   taken.
    init(_ seed: ContentSeed, fields: [UInt32?]) {
        let cellHash = CellHash(seed)
        self.cellHash = cellHash
        columns = fields.enumerated().compactMap { column, field in
            field.map { (column, cellHash.secret(of: $0)) }
        }
    }

    /// The hashes of all rows of a consistent batch.
    func hashes(of batch: RowBatch) -> [UInt64] {
        let width = batch.columnCount
        let cellHash = cellHash
        let columnCount = columns.count
        return batch.text.withUnsafeBufferPointer { text in
            batch.cells.withUnsafeBufferPointer { cells in
                columns.withUnsafeBufferPointer { columns in
                    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1) { empty in
                        [UInt64](unsafeUninitializedCapacity: batch.rowCount) { hashes, count in
                            count = batch.rowCount
                            hashes.initialize(repeating: 0)
                            guard let base = text.baseAddress ?? UnsafePointer(empty.baseAddress),
                                let cells = cells.baseAddress, let columns = columns.baseAddress
                            else { return }
                            for row in 0..<count {
                                let row0 = cells + row &* width
                                var sum: UInt64 = 0
                                for index in 0..<columnCount {
                                    let cell = row0[columns[index].column]
                                    if cell.isNull { continue }
                                    let hash = cellHash.hash(base + cell.offset, cell.length)
                                    sum = sum &+ CellHash.mix(hash, columns[index].secret)
                                }
                                hashes[row] = sum
                            }
                        }
                    }
                }
            }
        }
    }
}
