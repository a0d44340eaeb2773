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

    /// Closes a sum of hashes.
    @inline(__always)
    func finish(_ sum: UInt64) -> UInt64 { Self.fold(sum ^ secret2, secret3) ^ sum }

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

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
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

/// The content hash of records: all fields but the key's, whatever their order.
///
/// Each non-null cell is hashed under its field's number; the hashes are added (so order cannot matter, and each field
/// occurs once) and the sum is mixed once more. Null adds nothing: a record without a field and one where it is null are
/// the same content, so that a new column of nulls changes no record.
struct RowHasher: Sendable {
    private let hash: KeyedHash
    private let columns: [(column: Int, start: UInt64)]

    /// - Parameter fields: for each column its field's number; nil for a column of the key or one that is not taken.
    init(_ seed: ContentSeed, fields: [UInt32?]) {
        let hash = KeyedHash(seed)
        self.hash = hash
        columns = fields.enumerated().compactMap { column, field in
            field.map { (column, hash.start(tweak: UInt64($0))) }
        }
    }

    /// The hashes of all rows of `batch`.
    func hashes(of batch: RowBatch) -> [UInt64] {
        let width = batch.columnCount
        return batch.text.withUnsafeBufferPointer { text in
            batch.cells.withUnsafeBufferPointer { cells in
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1) { empty in
                    columns.withUnsafeBufferPointer { columns in
                        [UInt64](unsafeUninitializedCapacity: batch.rowCount) { hashes, count in
                            guard let base = text.baseAddress ?? UnsafePointer(empty.baseAddress) else { return }
                            for row in 0..<batch.rowCount {
                                var sum: UInt64 = 0
                                for (column, start) in columns {
                                    let cell = cells[row &* width &+ column]
                                    if cell.isNull { continue }
                                    sum = sum &+ hash.hash(base + cell.offset, cell.length, start: start)
                                }
                                hashes[row] = hash.finish(sum)
                            }
                            count = batch.rowCount
                        }
                    }
                }
            }
        }
    }
}
