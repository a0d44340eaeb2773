import Glibc

/// Distinct values, told apart by a 64-bit hash, with how often each occurs.
///
/// Exact up to ``StatisticsLimits/exactDistinct``. Beyond, only values whose hash begins with `level` zero bits are
/// kept: their number times 2^level estimates all, with a standard error of one in the root of their number, whatever
/// the order in which values came and went. Frequent values are then held by lossy counting, a segment being a bucket:
/// a segment reports what occurs in it twice or more, so a value's count is at most the truth and at least the truth
/// less ``bound``; one that is not listed occurs at most ``bound`` times.
final class ValueCounter {
    /// A slot of the table. The word is a count of 40 bits, which cannot overflow, and a note of 24.
    struct Slot {
        /// 0 where free.
        var hash: UInt64
        var word: UInt64

        static let noteBits: UInt64 = 24
        static let noteMask: UInt64 = 1 << noteBits - 1
        var count: UInt64 { word >> Slot.noteBits }
        var note: UInt64 { word & Slot.noteMask }
    }

    /// A value that was seen twice or more in a segment.
    struct Frequent {
        var count: Int64
        /// Its first bytes.
        var text: [UInt8]
        /// All of its bytes, or the note of a content.
        var note: Int
    }

    let limits: StatisticsLimits
    /// Whether notes are places of texts; else they are numbers that come with the hashes.
    let keepsText: Bool
    private(set) var slots: UnsafeMutablePointer<Slot>
    private(set) var capacity = 1 << 8
    private(set) var used = 0
    /// Values with a count above 0.
    var live = 0
    /// 0: exact.
    var level: UInt64
    var bound: Int64 = 0
    var frequent: [UInt64: Frequent] = [:]
    /// Bits by hash of all that are frequent; empty when one has come since.
    private var frequentBits: [UInt64] = []
    var texts = TextArena()
    /// False after something was taken away that was not there: what the table was made from is damaged.
    private(set) var isConsistent = true

    init(_ limits: StatisticsLimits, keepsText: Bool, level: UInt64 = 0) {
        self.limits = limits
        self.keepsText = keepsText
        self.level = level
        slots = Self.allocate(capacity)
    }

    deinit { slots.deallocate() }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Slot> {
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: capacity)
        slots.initialize(repeating: Slot(hash: 0, word: 0), count: capacity)
        return slots
    }

    var isExact: Bool { level == 0 }
    var distinct: Int64 { level == 0 ? Int64(live) : Int64(live) << Int64(level) }
    var memory: Int { capacity * MemoryLayout<Slot>.stride + texts.capacity + frequent.count * 128 }
    /// A sample of so few that they could be counted exactly.
    var isTooCoarse: Bool { level > 0 && distinct <= Int64(limits.exactDistinct / 2) }

    /// Whether a value of this hash is in the table when it occurs.
    @inline(__always)
    func keeps(_ hash: UInt64) -> Bool { level == 0 || hash &>> (64 &- level) == 0 }

    /// Counts a value that the table keeps.
    @inline(__always)
    func add(_ hash: UInt64, _ count: UInt64, note: () -> UInt64) {
        let slots = slots
        let mask = capacity &- 1
        var index = Int(truncatingIfNeeded: hash) & mask
        while true {
            let found = slots[index].hash
            if found == hash {
                if slots[index].word &>> Slot.noteBits == 0 { live &+= 1 }
                slots[index].word = slots[index].word &+ count &<< Slot.noteBits
                return
            }
            if found == 0 { break }
            index = (index &+ 1) & mask
        }
        slots[index] = Slot(hash: hash, word: count &<< Slot.noteBits | note())
        used &+= 1
        live &+= 1
        if used &* 8 > capacity &* 7 { rebuild() }
    }

    /// Takes occurrences of a value away.
    @inline(__always)
    func subtract(_ hash: UInt64, _ count: UInt64) {
        if level > 0, mayBeFrequent(hash), var known = frequent[hash] {
            known.count -= Int64(count)
            frequent[hash] = known
        }
        guard keeps(hash) else { return }
        let mask = capacity &- 1
        var index = Int(truncatingIfNeeded: hash) & mask
        while slots[index].hash != hash {
            guard slots[index].hash != 0 else { return isConsistent = false }
            index = (index &+ 1) & mask
        }
        guard slots[index].count >= count else { return isConsistent = false }
        slots[index].word -= count << Slot.noteBits
        if slots[index].count == 0 { live -= 1 }
    }

    /// Whether a value may be among the frequent ones. Almost none is.
    @inline(__always)
    private func mayBeFrequent(_ hash: UInt64) -> Bool {
        if frequentBits.isEmpty { markFrequent() }
        let bit = Int(hash & 0xFFFF)
        return frequentBits[bit >> 6] & 1 &<< UInt64(bit & 63) != 0
    }

    @inline(never)
    private func markFrequent() {
        frequentBits = [UInt64](repeating: 0, count: 1 << 10)
        for hash in frequent.keys {
            let bit = Int(hash & 0xFFFF)
            frequentBits[bit >> 6] |= 1 << UInt64(bit & 63)
        }
    }

    /// Room for `count` values, in an empty table.
    func reserve(_ count: Int) {
        var wanted = capacity
        while count * 8 > wanted * 7 { wanted *= 2 }
        guard wanted != capacity, used == 0 else { return }
        slots.deallocate()
        capacity = wanted
        slots = Self.allocate(wanted)
    }

    /// From exact counting to a sample.
    func becomeSample() {
        var best: [(count: UInt64, index: Int)] = []
        for index in 0..<capacity where slots[index].count > 1 { best.append((slots[index].count, index)) }
        best.sort { $0.count != $1.count ? $0.count > $1.count : slots[$0.index].hash < slots[$1.index].hash }
        let kept = limits.frequent / 2
        frequentBits = []
        bound = best.count > kept ? Int64(best[kept].count) : 1
        for (count, index) in best.prefix(kept) {
            let slot = slots[index]
            let text = keepsText ? texts.text(slot.note) : nil
            frequent[slot.hash] = Frequent(
                count: Int64(count), text: text?.bytes ?? [], note: text?.length ?? Int(slot.note))
        }
        level = 1
        while liveCount() > limits.sample { level += 1 }
        rebuild()
        texts = TextArena()
    }

    /// Makes the sample coarser when it holds too many; to be asked after adding.
    @inline(__always)
    func boundSample() {
        if level > 0 && live > limits.sample { coarsen() }
    }

    /// Makes a sample as coarse as `level`.
    func coarsen(to wanted: UInt64) {
        level = max(level, wanted)
        rebuild()
    }

    @inline(never)
    private func coarsen() {
        while liveCount() > limits.sample { level += 1 }
        rebuild()
    }

    private func liveCount() -> Int {
        var count = 0
        for index in 0..<capacity where slots[index].count > 0 && keeps(slots[index].hash) { count += 1 }
        return count
    }

    /// A segment's report of a value, beyond exact counting.
    @inline(never)
    func report(_ hash: UInt64, _ count: Int64, _ text: @autoclosure () -> [UInt8], note: Int) {
        if var known = frequent[hash] {
            known.count += count
            frequent[hash] = known
        } else {
            frequent[hash] = Frequent(count: count, text: text(), note: note)
            frequentBits = []
        }
    }

    /// The end of a segment's reports: what it did not report occurred once in it at most.
    func endSegment() {
        guard level > 0 else { return }
        bound += 1
        guard frequent.count > limits.frequent else { return }
        let cut = max(0, frequent.values.map(\.count).sorted(by: >)[limits.frequent / 2])
        frequent = frequent.filter { $0.value.count > cut }
        bound += cut
    }

    /// Drops what is no longer kept and finds the right size.
    @inline(never)
    private func rebuild() {
        let (old, oldCapacity, oldUsed) = (slots, capacity, used)
        let kept = liveCount()
        capacity = 1 << 8
        while kept * 8 > capacity * 5 { capacity *= 2 }
        slots = Self.allocate(capacity)
        let mask = capacity - 1
        for index in 0..<oldCapacity where old[index].count > 0 && keeps(old[index].hash) {
            var target = Int(truncatingIfNeeded: old[index].hash) & mask
            while slots[target].hash != 0 { target = (target + 1) & mask }
            slots[target] = old[index]
        }
        used = kept
        live = kept
        old.deallocate()
        if keepsText, level == 0, kept < oldUsed { compactTexts() }
    }

    /// Texts of values that are gone are dropped when they are half of all.
    private func compactTexts() {
        var bytes = 0
        for index in 0..<capacity where slots[index].hash != 0 { bytes += texts.size(slots[index].note) }
        guard bytes * 2 < texts.count else { return }
        var fresh = TextArena()
        for index in 0..<capacity where slots[index].hash != 0 {
            let slot = slots[index]
            slots[index].word = slot.word & ~Slot.noteMask | fresh.copy(slot.note, from: texts)
        }
        texts = fresh
    }
}
