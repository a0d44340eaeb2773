import Glibc

/// The first bytes of values, one behind the other, with the lengths of the whole values. A place is a number of 24 bits.
struct TextArena {
    private var words: [UInt64] = [0]

    /// A value as it is kept.
    struct Text {
        var bytes: [UInt8]
        /// Bytes of the whole value.
        var length: Int
        /// Characters of the whole value.
        var characters: Int
    }

    /// Bytes in use.
    var count: Int { words.count * 8 }
    var capacity: Int { words.capacity * 8 }

    /// Keeps a value.
    mutating func append(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> UInt64 {
        append(bytes, kept: min(length, StatisticsLimits.keptBytes), length, characters(bytes, length))
    }

    /// Keeps a value of which only the first bytes are known.
    mutating func append(_ bytes: UnsafePointer<UInt8>, kept: Int, _ length: Int, _ characters: Int) -> UInt64 {
        let place = words.count
        makeRoom((kept + 15) / 8)
        words.append(UInt64(UInt32(clamping: length)) << 32 | UInt64(UInt32(clamping: characters)))
        var rest = kept
        var at = UnsafeRawPointer(bytes)
        while rest >= 8 {
            words.append(at.loadUnaligned(as: UInt64.self))
            at += 8
            rest -= 8
        }
        if rest > 0 {
            var word: UInt64 = 0
            memcpy(&word, at, rest)
            words.append(word)
        }
        return UInt64(place)
    }

    mutating func copy(_ place: UInt64, from other: TextArena) -> UInt64 {
        let copy = UInt64(words.count)
        makeRoom(other.size(place) / 8)
        words.append(contentsOf: other.words[Int(place)..<Int(place) + other.size(place) / 8])
        return copy
    }

    /// Grows by a quarter, not to twice its size: many tables are in memory at one time.
    @inline(__always)
    private mutating func makeRoom(_ count: Int) {
        if words.count + count > words.capacity {
            words.reserveCapacity(words.count + max(count, words.count / 4, 128))
        }
    }

    /// Bytes that a value takes here.
    func size(_ place: UInt64) -> Int {
        8 + (min(Int(words[Int(place)] >> 32), StatisticsLimits.keptBytes) + 7) / 8 * 8
    }

    func text(_ place: UInt64) -> Text {
        with(place) { bytes, kept, length, characters in
            Text(
                bytes: Array(UnsafeBufferPointer(start: bytes, count: kept)), length: length, characters: characters)
        }
    }

    @inline(__always)
    func with<T>(_ place: UInt64, _ body: (UnsafePointer<UInt8>, _ kept: Int, _ length: Int, _ characters: Int) -> T)
        -> T
    {
        let place = Int(place)
        let head = words[place]
        let length = Int(head >> 32)
        return words.withUnsafeBytes { all in
            var none: UInt8 = 0
            return withUnsafePointer(to: &none) { empty in
                let base = all.baseAddress.map { ($0 + (place + 1) * 8).assumingMemoryBound(to: UInt8.self) }
                return body(
                    base ?? empty, min(length, StatisticsLimits.keptBytes), length, Int(head & 0xFFFF_FFFF))
            }
        }
    }
}

/// Unicode scalars of a value, which is what people call its characters.
@inline(__always)
func characters(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
    var continuations = 0
    for index in 0..<count where bytes[index] & 0xC0 == 0x80 { continuations &+= 1 }
    return count &- continuations
}
