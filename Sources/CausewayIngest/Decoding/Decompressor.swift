import CausewayCore
import CZlib
import CZstd

/// Unpacks a compressed stream piece by piece, in bounded memory, and stops at what no honest file looks like.
struct Decompressor {
    /// Most bytes that come out for each byte that goes in, after the first ``freeOutput``.
    static let maximumRatio: Int64 = 200
    static let freeOutput: Int64 = 1 << 20

    private enum Stream {
        case gzip(GzipStream)
        case zstd(ZstdStream)
    }

    private let stream: Stream
    private var bytesIn: Int64 = 0
    private var bytesOut: Int64 = 0

    /// - Returns: nil for no compression.
    init?(_ compression: Compression) throws(CausewayError) {
        switch compression {
        case .none: return nil
        case .gzip: stream = .gzip(try GzipStream())
        case .zstd: stream = .zstd(try ZstdStream())
        }
    }

    /// Whether the stream may end here: a member or frame is complete.
    var isAtEnd: Bool {
        switch stream {
        case .gzip(let stream): stream.isAtEnd
        case .zstd(let stream): stream.isAtEnd
        }
    }

    /// Unpacks from `input` into `output`, until one of them is used up.
    ///
    /// - Returns: bytes read and written; both 0 when nothing more can be done without further input.
    /// - Throws: `dataLoss` for a damaged stream, `resourceExhausted` for one that grows too much.
    mutating func step(
        _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer
    ) throws(CausewayError) -> (read: Int, written: Int) {
        let (read, written) =
            switch stream {
            case .gzip(let stream): try stream.step(input, output)
            case .zstd(let stream): try stream.step(input, output)
            }
        bytesIn += Int64(read)
        bytesOut += Int64(written)
        guard bytesOut <= Self.freeOutput + bytesIn * Self.maximumRatio else {
            throw CausewayError(
                .resourceExhausted, reason: "COMPRESSION_RATIO",
                "The file unpacks to more than \(Self.maximumRatio) times its size, which no honest file does; "
                    + "it was not read further.",
                metadata: ["limit": String(Self.maximumRatio)], retry: .never)
        }
        return (read, written)
    }

    static func damaged(_ format: String, _ detail: String) -> CausewayError {
        CausewayError(
            .dataLoss, reason: "DAMAGED_COMPRESSION",
            "The \(format) file is damaged (\(detail)); have it written again.",
            metadata: ["format": format, "detail": detail])
    }

    static func truncated(_ format: String) -> CausewayError {
        CausewayError(
            .dataLoss, reason: "TRUNCATED_COMPRESSION",
            "The \(format) file ends in the middle of its data; it was cut or is still being written.",
            metadata: ["format": format])
    }

    static func noMemory(_ format: String) -> CausewayError {
        CausewayError(
            .resourceExhausted, reason: "OUT_OF_MEMORY", "There is no memory to unpack the \(format) file.",
            metadata: ["format": format], retry: .backoff)
    }
}

/// One or more gzip members, one behind the other. Source: RFC 1952.
private final class GzipStream {
    // On the heap: zlib keeps its address.
    private let stream: UnsafeMutablePointer<z_stream>
    /// Between two members, or before the first.
    private var needsMember = false
    private(set) var isAtEnd = false

    init() throws(CausewayError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, and 16 for the gzip wrapper.
        guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            throw Decompressor.noMemory("gzip")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func step(
        _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer
    ) throws(CausewayError) -> (read: Int, written: Int) {
        guard !input.isEmpty, !output.isEmpty else { return (0, 0) }
        if needsMember {
            // Zeros behind the last member are padding, as tapes and some writers leave them.
            let padding = input.prefix { $0 == 0 }.count
            if padding > 0 { return (padding, 0) }
            inflateReset(stream)
            needsMember = false
            isAtEnd = false
        }
        let (inCount, outCount) = (min(input.count, 1 << 30), min(output.count, 1 << 30))
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(inCount)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(outCount)
        let result = inflate(stream, Z_NO_FLUSH)
        switch result {
        case Z_STREAM_END:
            isAtEnd = true
            needsMember = true
        case Z_OK, Z_BUF_ERROR: break
        case Z_MEM_ERROR: throw Decompressor.noMemory("gzip")
        default:
            throw Decompressor.damaged("gzip", stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(result)")
        }
        return (inCount - Int(stream.pointee.avail_in), outCount - Int(stream.pointee.avail_out))
    }
}

/// One or more Zstandard frames, one behind the other. Source: RFC 8878.
private final class ZstdStream {
    /// Largest window, as a power of two: 8 MiB, which every reader must take.
    private static let windowLog: Int32 = 23
    /// Source: zstd_errors.h, ZSTD_error_frameParameter_windowTooLarge.
    private static let windowTooLarge = 16
    private let stream: OpaquePointer
    private(set) var isAtEnd = false

    init() throws(CausewayError) {
        guard let stream = ZSTD_createDStream() else { throw Decompressor.noMemory("zstd") }
        ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, Self.windowLog)
        self.stream = stream
    }

    deinit { ZSTD_freeDStream(stream) }

    func step(
        _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer
    ) throws(CausewayError) -> (read: Int, written: Int) {
        guard !output.isEmpty else { return (0, 0) }
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let result = ZSTD_decompressStream(stream, &target, &source)
        guard ZSTD_isError(result) == 0 else {
            if 0 &- result == Self.windowTooLarge {
                throw CausewayError(
                    .resourceExhausted, reason: "COMPRESSION_WINDOW",
                    "The zstd file needs a window of more than 8 MiB; have it packed without --long.",
                    metadata: ["limit_bytes": String(1 << Self.windowLog)], retry: .never)
            }
            throw Decompressor.damaged("zstd", ZSTD_getErrorName(result).map { String(cString: $0) } ?? "unknown error")
        }
        if source.pos > 0 || target.pos > 0 { isAtEnd = result == 0 }
        return (source.pos, target.pos)
    }
}
