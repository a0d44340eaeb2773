import CZstd

/// Compresses with one reused context.
///
/// May go from thread to thread: whoever holds the one value there is holds the context.
struct ZstdCompressor: ~Copyable, @unchecked Sendable {
    private let context: OpaquePointer?

    init() { context = ZSTD_createCCtx() }
    deinit { ZSTD_freeCCtx(context) }

    /// Level 1: the later ones cost more time than the space they save is worth here.
    private static let level: Int32 = 1
    /// Below this a frame's own bytes eat what it saves.
    private static let smallest = 64

    /// Appends `count` bytes compressed when that saves an eighth or more.
    ///
    /// - Returns: false when nothing was appended.
    mutating func append(_ text: UnsafePointer<UInt8>, _ count: Int, to out: inout ByteSink) -> Bool {
        guard let context, count >= Self.smallest else { return false }
        let bound = ZSTD_compressBound(count)
        let written = ZSTD_compressCCtx(context, out.room(bound), bound, text, count, Self.level)
        guard ZSTD_isError(written) == 0, written <= count - count / 8 else { return false }
        out.advance(written)
        return true
    }
}

/// Decompresses with one reused context. Not for two threads at once.
final class ZstdDecompressor {
    private var context: OpaquePointer?

    init() {}
    deinit { ZSTD_freeDCtx(context) }

    /// Writes what the frame at `frame` holds, which must be `count` bytes.
    func decompress(
        _ frame: UnsafePointer<UInt8>, _ size: Int, to out: UnsafeMutablePointer<UInt8>, count: Int
    ) throws(Damage) {
        if context == nil { context = ZSTD_createDCtx() }
        guard let context, ZSTD_decompressDCtx(context, out, count, frame, size) == count else {
            throw Damage("its compressed part cannot be read")
        }
    }
}
