import CZstd

/// Bytes as one zstd frame, or as they are when that does not save an eighth: varint bytes, varint bytes as stored (the
/// same: not compressed), then these.
enum PackedBytes {
    /// Larger than the texts of any table.
    private static let greatest = 64 << 20
    private static let level: Int32 = 1

    static func append(_ bytes: [UInt8], to out: inout [UInt8]) {
        out.appendVarint(UInt64(bytes.count))
        let bound = ZSTD_compressBound(bytes.count)
        let packed = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
            let written = bytes.withUnsafeBytes {
                ZSTD_compress(target.baseAddress, bound, $0.baseAddress, $0.count, level)
            }
            count = ZSTD_isError(written) == 0 ? min(written, bound) : 0
        }
        let isWorth = !packed.isEmpty && packed.count <= bytes.count - bytes.count / 8
        out.appendVarint(UInt64(isWorth ? packed.count : bytes.count))
        out.append(contentsOf: isWorth ? packed : bytes)
    }

    static func read(_ cursor: inout ByteCursor) throws(Damage) -> [UInt8] {
        let count = try cursor.count(upTo: greatest)
        let stored = try cursor.count(upTo: count)
        let range = try cursor.take(stored)
        let all = cursor.bytes
        guard stored < count else { return Array(all[range]) }
        var written = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            let frame = UnsafeRawBufferPointer(rebasing: all[range])
            written = ZSTD_decompress(target.baseAddress, count, frame.baseAddress, frame.count)
            initialized = ZSTD_isError(written) == 0 ? min(written, count) : 0
        }
        guard bytes.count == count else { throw Damage("its compressed part cannot be read") }
        return bytes
    }
}
