/// A block of a run of keys: some entries in key order. Numbers are little-endian.
///
///     u16 entries, u16 end of the keys (from the block's start), u32 the block's place in its run, from 0
///     u8 length and bytes of the last key of the block before
///     for each entry: u8 bytes shared with the key before, u8 further bytes, these bytes; every 16th shares none
///     for each entry u16 slot, u32 segment
///     for each entry 8 bytes: content hash
///     for each 16th entry u16 where its key begins (from the block's start)
///     u64 XXH64 of everything before
///
/// In the table it stands under the run's number and its own last key: the first block at or above a key is the only one
/// that may have it. The last key of the block before tells whether one is missing.
enum KeyBlock {
    /// What fits one page of LMDB beside its header.
    static let greatestSize = 4_080
    static let restart = 16
    static let headerSize = 8
}

/// An entry of the index: where the record lies and its content's hash.
struct KeyEntry: Hashable, Sendable {
    /// As ``RecordPlace/packed``; blocks have room for 32 bits of the segment.
    var place: UInt64
    var hash: UInt64

    init(place: UInt64, hash: UInt64) {
        self.place = place
        self.hash = hash
    }

    init(place: RecordPlace, hash: UInt64) {
        self.init(place: place.packed, hash: hash)
    }
}

extension RecordPlace {
    /// As one number that orders as places do: segment in the upper 48 bits, slot in the lower 16.
    package var packed: UInt64 { segment << 16 | UInt64(slot) }

    package init(packed: UInt64) {
        self.init(segment: packed >> 16, slot: UInt16(truncatingIfNeeded: packed))
    }
}

/// Walks a block. What it says of bytes that are no block is wrong or an error, never a trap.
struct KeyBlockReader: ~Copyable {
    private var block: UnsafeRawBufferPointer
    /// The present entry's key.
    private let current: UnsafeMutableRawBufferPointer
    private(set) var size = 0
    /// The present entry.
    private(set) var index = -1
    private(set) var count = 0
    private(set) var sequence: UInt32 = 0
    /// The last key of the block before.
    private(set) var fence: Range<Int> = 0..<0
    private var cursor = 0
    private var keysEnd = 0
    private var restarts = 0

    init() {
        block = UnsafeRawBufferPointer(start: nil, count: 0)
        // Room for any two lengths of one byte, so that a copy needs no check against the buffer.
        current = .allocate(byteCount: 512, alignment: 8)
    }

    deinit { current.deallocate() }

    var key: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: current[0..<size]) }
    var fenceKey: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: block[fence]) }

    /// The present entry.
    var entry: KeyEntry {
        let places = keysEnd &+ 6 &* index
        let hashes = keysEnd &+ 6 &* count &+ 8 &* index
        let slot = UInt64(u16(places))
        let low = UInt64(UInt32(littleEndian: block.loadUnaligned(fromByteOffset: places &+ 2, as: UInt32.self)))
        return KeyEntry(
            place: low &<< 16 | slot,
            hash: UInt64(littleEndian: block.loadUnaligned(fromByteOffset: hashes, as: UInt64.self)))
    }

    /// Opens a block, before its first entry. `bytes` must stay valid while it is read.
    mutating func open(_ bytes: UnsafeRawBufferPointer) throws(Damage) {
        let body = bytes.count &- 8
        guard body > KeyBlock.headerSize else { throw Damage("it is cut short") }
        let stored = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: body, as: UInt64.self))
        guard Checksum.xxh64(UnsafeRawBufferPointer(rebasing: bytes[..<body])) == stored else {
            throw Damage("its checksum is wrong")
        }
        block = bytes
        count = Int(u16(0))
        keysEnd = Int(u16(2))
        sequence = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let begin = KeyBlock.headerSize &+ 1
        fence = begin..<begin &+ Int(bytes[KeyBlock.headerSize])
        restarts = keysEnd &+ 14 &* count
        let groups = (count &+ KeyBlock.restart &- 1) / KeyBlock.restart
        guard count > 0, fence.upperBound <= keysEnd, restarts &+ 2 &* groups == body else {
            throw Damage("its parts do not fit together")
        }
        cursor = fence.upperBound
        index = -1
        size = 0
    }

    /// Goes to the next entry; false at the end.
    @inline(__always)
    mutating func next() throws(Damage) -> Bool {
        guard index &+ 1 < count else {
            index = count
            return false
        }
        guard cursor &+ 2 <= keysEnd else { throw Damage("its keys are cut short") }
        let shared = Int(block[cursor])
        let rest = Int(block[cursor &+ 1])
        guard shared <= size, cursor &+ 2 &+ rest <= keysEnd else { throw Damage("its keys are cut short") }
        if let target = current.baseAddress, let source = block.baseAddress {
            (target + shared).copyMemory(from: source + cursor + 2, byteCount: rest)
        }
        size = shared &+ rest
        cursor = cursor &+ 2 &+ rest
        index &+= 1
        return true
    }

    /// Goes forward to the first entry at or above `key`, from the present one or the block's start.
    ///
    /// - Returns: whether that is `key` itself.
    mutating func seek(_ key: UnsafeRawBufferPointer) throws(Damage) -> Bool {
        if index < 0 { guard try next() else { return false } }
        try skipGroups(key)
        while index < count {
            let order = compareKeys(self.key, key)
            if order >= 0 { return order == 0 }
            guard try next() else { return false }
        }
        return false
    }

    /// Jumps to the last group of entries that begins at or below `key`, when that lies ahead.
    private mutating func skipGroups(_ key: UnsafeRawBufferPointer) throws(Damage) {
        let groups = (count &+ KeyBlock.restart &- 1) / KeyBlock.restart
        var low = index / KeyBlock.restart &+ 1
        guard index < count, low < groups, try begins(low, notAbove: key) else { return }
        var high = groups
        while low &+ 1 < high {
            let middle = (low &+ high) / 2
            if try begins(middle, notAbove: key) { low = middle } else { high = middle }
        }
        cursor = Int(u16(restarts &+ 2 &* low))
        index = low &* KeyBlock.restart &- 1
        size = 0
        _ = try next()
    }

    private func begins(_ group: Int, notAbove key: UnsafeRawBufferPointer) throws(Damage) -> Bool {
        let at = Int(u16(restarts &+ 2 &* group))
        guard at >= fence.upperBound, at &+ 2 <= keysEnd, block[at] == 0 else { throw Damage("its keys do not begin") }
        let end = at &+ 2 &+ Int(block[at &+ 1])
        guard end <= keysEnd else { throw Damage("its keys are cut short") }
        return compareKeys(UnsafeRawBufferPointer(rebasing: block[at &+ 2..<end]), key) <= 0
    }

    @inline(__always)
    private func u16(_ offset: Int) -> UInt16 {
        UInt16(littleEndian: block.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }
}
