/// The store's secret for hashes of content: drawn once for each store, kept in it, never shown.
///
/// Content hashes decide whether a record is unchanged; without the secret nobody can make two contents that collide.
package struct ContentSeed: Hashable, Sendable, CustomStringConvertible {
    package let value: UInt64
    package init(_ value: UInt64) { self.value = value }
    package var description: String { "<redacted>" }
}

/// A 64-bit hash of bytes under a secret, for short texts above all.
///
/// The construction is wyhash's (final version 4): words of input and secrets are multiplied to 128 bits and the halves
/// folded, once for each 16 bytes and twice at the end. All secrets, and a start value for each tweak, are drawn from the
/// seed by SplitMix64. A tweak separates uses: equal bytes under two tweaks have unrelated hashes.
struct KeyedHash: Sendable {
    private let secret0: UInt64
    private let secret1: UInt64
    private let secret2: UInt64
    private let secret3: UInt64

    init(_ seed: ContentSeed) {
        var state = seed.value
        secret0 = Self.next(&state)
        secret1 = Self.next(&state)
        secret2 = Self.next(&state)
        secret3 = Self.next(&state)
    }

    /// The start value of one use.
    func start(tweak: UInt64) -> UInt64 {
        var state = tweak ^ secret2
        return Self.fold(Self.next(&state) ^ secret0, secret1)
    }

    @inline(__always)
    func hash(_ bytes: UnsafePointer<UInt8>, _ count: Int, start: UInt64) -> UInt64 {
        let raw = UnsafeRawPointer(bytes)
        var a: UInt64 = 0
        var b: UInt64 = 0
        var chain = start
        if count <= 16 {
            if count >= 4 {
                // Two overlapping pairs of words that cover 4 to 16 bytes without a branch on the length.
                let middle = (count >> 3) << 2
                a = Self.half(raw) << 32 | Self.half(raw + middle)
                b = Self.half(raw + count - 4) << 32 | Self.half(raw + count - 4 - middle)
            } else if count > 0 {
                a = UInt64(bytes[0]) << 16 | UInt64(bytes[count >> 1]) << 8 | UInt64(bytes[count - 1])
            }
        } else {
            var at = raw
            var rest = count
            while rest > 16 {
                chain = Self.fold(Self.word(at) ^ secret1, Self.word(at + 8) ^ chain)
                at += 16
                rest -= 16
            }
            a = Self.word(raw + count - 16)
            b = Self.word(raw + count - 8)
        }
        let product = (a ^ secret1).multipliedFullWidth(by: b ^ chain)
        return Self.fold(product.low ^ secret0 ^ UInt64(truncatingIfNeeded: count), product.high ^ secret1)
    }

    /// The hash of a number, as good as that of a short text.
    @inline(__always)
    func hash(_ number: UInt64, start: UInt64) -> UInt64 {
        let product = (number ^ secret1).multipliedFullWidth(by: start)
        return Self.fold(product.low ^ secret0, product.high ^ secret1)
    }

    /// 128 bits, for what must not collide even among billions.
    func wide(_ bytes: UnsafeBufferPointer<UInt8>, tweak: UInt64) -> (UInt64, UInt64) {
        var none: UInt8 = 0
        return withUnsafePointer(to: &none) { empty in
            let base = bytes.baseAddress ?? empty
            return (
                hash(base, bytes.count, start: start(tweak: tweak)),
                hash(base, bytes.count, start: start(tweak: ~tweak))
            )
        }
    }

    /// Mixes two words into one.
    @inline(__always)
    static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
    @inline(__always)
    private static func word(_ at: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: at.loadUnaligned(as: UInt64.self))
    }
    @inline(__always)
    private static func half(_ at: UnsafeRawPointer) -> UInt64 {
        UInt64(UInt32(littleEndian: at.loadUnaligned(as: UInt32.self)))
    }
    /// SplitMix64.
    private static func next(_ state: inout UInt64) -> UInt64 {
        state = state &+ 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
