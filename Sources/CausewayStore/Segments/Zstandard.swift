import CZstd

/// Compresses with one reused context.
///
/// May go from thread to thread: whoever holds the one value there is holds the context.
struct ZstdCompressor: ~Copyable, @unchecked Sendable {
    private let context: OpaquePointer?
    private var scratch: [UInt8] = []

    init() { context = ZSTD_createCCtx() }
    deinit { ZSTD_freeCCtx(context) }

    /// Level 1: the later ones cost more time than the space they save is worth here.
    private static let level: Int32 = 1
    /// Below this a frame's own bytes eat what it saves.
    private static let smallest = 64

    /// Appends `body` compressed when that saves an eighth or more.
    ///
    /// - Returns: false when nothing was appended.
    mutating func append(_ body: [UInt8], to out: inout [UInt8]) -> Bool {
        guard let context, body.count >= Self.smallest else { return false }
        let bound = ZSTD_compressBound(body.count)
        if scratch.count < bound { scratch = [UInt8](repeating: 0, count: bound) }
        let written = scratch.withUnsafeMutableBytes { target in
            body.withUnsafeBytes {
                ZSTD_compressCCtx(context, target.baseAddress, target.count, $0.baseAddress, $0.count, Self.level)
            }
        }
        guard ZSTD_isError(written) == 0, written <= body.count - body.count / 8 else { return false }
        out.append(contentsOf: scratch[..<written])
        return true
    }
}

enum Zstd {
    /// What the frame in `range` of `bytes` holds, which must be `count` bytes.
    static func decompress(_ bytes: [UInt8], _ range: Range<Int>, count: Int) throws(Damage) -> [UInt8] {
        var written = 0
        let body = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            bytes.withUnsafeBytes { source in
                let frame = UnsafeRawBufferPointer(rebasing: source[range])
                written = ZSTD_decompress(target.baseAddress, count, frame.baseAddress, frame.count)
            }
            initialized = ZSTD_isError(written) == 0 ? min(written, count) : 0
        }
        guard body.count == count, count > 0 else { throw Damage("its compressed part cannot be read") }
        return body
    }
}
