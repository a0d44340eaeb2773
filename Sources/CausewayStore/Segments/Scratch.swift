/// Memory that is allocated once and used again and again. Not initialised.
///
/// May go from thread to thread: whoever holds the one value there is holds the memory.
struct Scratch<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    let base: UnsafeMutablePointer<Element>

    init(_ count: Int) { base = .allocate(capacity: max(1, count)) }
    deinit { base.deallocate() }
}

/// Bytes that grow at the end, written through a pointer. Behind its end there is always room for ``padding`` bytes more,
/// so that short texts can be copied sixteen bytes at a time.
struct ByteSink: ~Copyable, @unchecked Sendable {
    static let padding = 64

    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int) {
        self.capacity = max(64, capacity)
        base = .allocate(capacity: self.capacity + Self.padding)
    }

    deinit { base.deallocate() }

    /// Where the next byte goes, with room for `bytes` and the padding. Valid until the next call.
    @inline(__always)
    mutating func room(_ bytes: Int) -> UnsafeMutablePointer<UInt8> {
        if count &+ bytes > capacity { grow(bytes) }
        return base + count
    }

    /// Takes in bytes that were written where ``room(_:)`` said.
    @inline(__always)
    mutating func advance(_ bytes: Int) { count &+= bytes }

    mutating func clear() { count = 0 }

    @inline(never)
    private mutating func grow(_ bytes: Int) {
        let larger = max(capacity * 2, count + bytes)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger + Self.padding)
        moved.update(from: base, count: count)
        base.deallocate()
        base = moved
        capacity = larger
    }

    mutating func append(_ byte: UInt8) {
        room(1)[0] = byte
        advance(1)
    }

    mutating func append(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        room(count).update(from: bytes, count: count)
        advance(count)
    }

    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { bytes in
            if let base = bytes.baseAddress { append(base, bytes.count) }
        }
    }

    mutating func appendFixed<T: FixedWidthInteger & BitwiseCopyable>(_ number: T) {
        UnsafeMutableRawPointer(room(MemoryLayout<T>.size)).storeBytes(of: number.littleEndian, as: T.self)
        advance(MemoryLayout<T>.size)
    }

    /// LEB128.
    mutating func appendVarint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// A copy of all.
    var bytes: [UInt8] { [UInt8](UnsafeBufferPointer(start: base, count: count)) }
}

/// Copies and comparisons of short texts.
enum ShortBytes {
    /// Copies `count` bytes and, up to a multiple of sixteen, what lies behind them: both sides need that room.
    @inline(__always)
    static func copyPadded(_ to: UnsafeMutablePointer<UInt8>, _ from: UnsafePointer<UInt8>, _ count: Int) {
        let source = UnsafeRawPointer(from)
        let target = UnsafeMutableRawPointer(to)
        typealias Lane = SIMD16<UInt8>
        target.storeBytes(of: source.loadUnaligned(as: Lane.self), as: Lane.self)
        guard count > 16 else { return }
        if count > 256 {
            to.update(from: from, count: count)
            return
        }
        var at = 16
        while at < count {
            target.storeBytes(
                of: source.loadUnaligned(fromByteOffset: at, as: Lane.self), toByteOffset: at, as: Lane.self)
            at &+= 16
        }
    }

    /// Whether `count` bytes are the same; reads no others.
    @inline(__always)
    static func equal(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        let a = UnsafeRawPointer(a)
        let b = UnsafeRawPointer(b)
        if count >= 8 {
            var at = 0
            let last = count &- 8
            while at < last {
                if load64(a + at) != load64(b + at) { return false }
                at &+= 8
            }
            return load64(a + last) == load64(b + last)
        }
        if count >= 4 {
            return load32(a) == load32(b) && load32(a + (count &- 4)) == load32(b + (count &- 4))
        }
        var at = 0
        while at < count {
            if a.load(fromByteOffset: at, as: UInt8.self) != b.load(fromByteOffset: at, as: UInt8.self) { return false }
            at &+= 1
        }
        return true
    }

    @inline(__always)
    private static func load64(_ at: UnsafeRawPointer) -> UInt64 { at.loadUnaligned(as: UInt64.self) }
    @inline(__always)
    private static func load32(_ at: UnsafeRawPointer) -> UInt32 { at.loadUnaligned(as: UInt32.self) }
}
