/// The rows of a batch by key: rows with the same key are one group.
struct KeyGroups: Sendable {
    /// For each row its group.
    private(set) var groupOfRow: [Int32]
    /// For each group the first of its rows. Groups are numbered by it.
    private(set) var firstRow: [Int32] = []

    init(_ keys: RecordKeys) {
        groupOfRow = [Int32](repeating: 0, count: keys.count)
        let hashes = keys.hashes()
        var size = 16
        while size < keys.count * 2 { size *= 2 }
        // Open addressing: 1 + a group, 0 where free.
        var slots = [Int32](repeating: 0, count: size)
        for row in 0..<keys.count {
            var slot = Int(truncatingIfNeeded: hashes[row]) & (size - 1)
            while slots[slot] != 0 {
                let other = Int(firstRow[Int(slots[slot]) - 1])
                if hashes[other] == hashes[row], keys.bytes[keys.range(other)] == keys.bytes[keys.range(row)] { break }
                slot = (slot + 1) & (size - 1)
            }
            if slots[slot] == 0 {
                firstRow.append(Int32(row))
                slots[slot] = Int32(firstRow.count)
            }
            groupOfRow[row] = slots[slot] - 1
        }
    }

    var count: Int { firstRow.count }

    /// The groups in the order of their keys, in which the store is quickest to read and write.
    func inKeyOrder(_ keys: RecordKeys) -> [Int32] {
        keys.bytes.withUnsafeBytes { bytes in
            func key(_ group: Int32) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: bytes[keys.range(Int(firstRow[Int(group)]))])
            }
            let isSorted = zip(firstRow.indices, firstRow.indices.dropFirst()).allSatisfy {
                !isBelow(key(Int32($1)), key(Int32($0)))
            }
            let order = [Int32](0..<Int32(count))
            return isSorted ? order : order.sorted { isBelow(key($0), key($1)) }
        }
    }
}
