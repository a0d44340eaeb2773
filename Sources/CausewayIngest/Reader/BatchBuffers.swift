import CausewayStore

/// Cells as scanners see them: offset in the upper half, length with marks in the lower; all ones is null.
extension [RowBatch.Cell] {
    subscript(packed index: Int) -> UInt64 {
        get { self[index].bits }
        set { self[index] = RowBatch.Cell(bits: newValue) }
    }

    @inline(__always)
    mutating func withUnsafeMutablePacked<R>(_ body: (UnsafeMutableBufferPointer<UInt64>) -> R) -> R {
        withUnsafeMutableBytes { bytes in bytes.withMemoryRebound(to: UInt64.self) { body($0) } }
    }
}

extension RowBatch.Buffers {
    /// Takes a scanner's text up to `end`, and gives it this one with what follows there.
    ///
    /// - Parameter batchText: bytes of text that a batch may have before it takes no further row.
    mutating func exchange(_ scanned: inout [UInt8], from end: Int, _ batchText: Int) {
        // Pieces of content are appended to a batch that is almost full.
        let room = batchText + 2 * ContentReader.stepBytes
        if scanned.count - end + room < scanned.capacity { text.reserveCapacity(room) }
        scanned[end...].withUnsafeBytes { text.append(contentsOf: $0) }
        swap(&text, &scanned)
        text.removeSubrange(end...)
    }
}
