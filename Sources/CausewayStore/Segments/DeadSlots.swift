import CausewayCore

/// Which slots of a segment hold records that are gone or were replaced.
///
/// As bytes: u8 format (1), a bit for each slot up to the last dead one, u64 XXH64.
struct DeadSlots: Hashable, Sendable {
    private(set) var count = 0
    private var bits: [UInt8] = []

    init() {}

    /// - Throws: ``CausewayError`` (data loss, `STORE_DAMAGED`).
    init(_ bytes: [UInt8], key: [UInt8]) throws(CausewayError) {
        do throws(Damage) {
            bits = try bytes.withUnsafeBufferPointer { all throws(Damage) in
                let all = UnsafeRawBufferPointer(all)
                var cursor = try ByteCursor(all, Checksum.open(all))
                guard try cursor.byte() == 1 else { throw Damage("its format is not known") }
                guard cursor.remaining <= SegmentFormat.maximumRows / 8 else { throw Damage("it is too long") }
                return Array(all[try cursor.take(cursor.remaining)])
            }
            count = bits.reduce(0) { $0 + $1.nonzeroBitCount }
        } catch {
            throw StoreDamage.error(.deadSlots, key, error.detail)
        }
    }

    /// How many there are, without a look whether the bytes are intact.
    static func count(in bytes: UnsafeRawBufferPointer) -> Int {
        bytes.dropFirst().dropLast(8).reduce(0) { $0 + $1.nonzeroBitCount }
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = [1]
        bytes.append(contentsOf: bits)
        Checksum.seal(&bytes)
        return bytes
    }

    func contains(_ slot: Int) -> Bool {
        slot >> 3 < bits.count && bits[slot >> 3] & 1 << UInt8(slot & 7) != 0
    }

    /// - Returns: false when it was dead already.
    mutating func insert(_ slot: UInt16) -> Bool {
        let index = Int(slot >> 3)
        let bit: UInt8 = 1 << UInt8(slot & 7)
        if index >= bits.count { bits.append(contentsOf: repeatElement(0, count: index + 1 - bits.count)) }
        guard bits[index] & bit == 0 else { return false }
        bits[index] |= bit
        count += 1
        return true
    }
}
