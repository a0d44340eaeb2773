import CZlib
import CZstd
import Glibc

/// Packs content as other programs do.
enum Packing {
    static func gzip(_ content: [UInt8], level: Int32 = 6) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        defer { deflateEnd(&stream) }
        var content = content
        var packed = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(content.count))) + 64)
        let room = packed.count
        let left = content.withUnsafeMutableBufferPointer { input in
            packed.withUnsafeMutableBufferPointer { output -> Int in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                deflate(&stream, Z_FINISH)
                return Int(stream.avail_out)
            }
        }
        packed.removeLast(packed.count - (room - left))
        return packed
    }

    static func zstd(_ content: [UInt8], level: Int32 = 3, windowLog: Int32 = 0) -> [UInt8] {
        let context = ZSTD_createCCtx()
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, windowLog)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0)
        var packed = [UInt8](repeating: 0, count: ZSTD_compressBound(content.count))
        let count = content.withUnsafeBufferPointer { input in
            packed.withUnsafeMutableBufferPointer { output -> Int in
                var source = ZSTD_inBuffer(src: input.baseAddress, size: min(1, input.count), pos: 0)
                var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
                // The first byte alone, so that the frame does not know its size and keeps its window.
                ZSTD_compressStream2(context, &target, &source, ZSTD_e_continue)
                source.size = input.count
                while ZSTD_compressStream2(context, &target, &source, ZSTD_e_end) != 0 {}
                return target.pos
            }
        }
        packed.removeLast(packed.count - count)
        return packed
    }
}
