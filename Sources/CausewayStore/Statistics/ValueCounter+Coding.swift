extension ValueCounter {
    /// Appends the table.
    ///
    ///     u8 level, varint bound, varint count of values
    ///     for each value: u64 hash, varint count, then in an exact table of texts the varints length and characters,
    ///       else varint note
    ///     in an exact table of texts: a packed part with the texts one behind the other
    ///     varint count of frequent values; for each u64 hash, zigzag count, varint note, varint bytes and bytes of its text
    func encode(into out: inout [UInt8]) {
        out.append(UInt8(level))
        out.appendVarint(UInt64(max(0, bound)))
        out.appendVarint(UInt64(live))
        let hasTexts = keepsText && isExact
        var bodies: [UInt8] = []
        if hasTexts { bodies.reserveCapacity(texts.count) }
        for index in 0..<capacity where slots[index].count > 0 {
            let slot = slots[index]
            out.appendFixed(slot.hash)
            out.appendVarint(slot.count)
            guard hasTexts else {
                out.appendVarint(slot.note)
                continue
            }
            texts.with(slot.note) { bytes, kept, length, characters in
                out.appendVarint(UInt64(length))
                out.appendVarint(UInt64(characters))
                bodies.append(contentsOf: UnsafeBufferPointer(start: bytes, count: kept))
            }
        }
        if hasTexts { PackedBytes.append(bodies, to: &out) }
        out.appendVarint(UInt64(frequent.count))
        for (hash, known) in frequent {
            out.appendFixed(hash)
            out.appendVarint(ZigZag.encode(known.count))
            out.appendVarint(UInt64(clamping: known.note))
            out.appendVarint(UInt64(known.text.count))
            out.append(contentsOf: known.text)
        }
    }

    /// Reads what ``encode(into:)`` appended. The limits of then may be others than those of now.
    convenience init(
        _ limits: StatisticsLimits, keepsText: Bool, _ cursor: inout ByteCursor
    ) throws(Damage) {
        let level = UInt64(try cursor.byte())
        guard level < 48 else { throw Damage("its sample is out of range") }
        self.init(limits, keepsText: keepsText, level: level)
        bound = Int64(try cursor.count(upTo: 1 << 48))
        let count = try cursor.count(upTo: cursor.remaining / 10)
        guard count <= max(limits.exactDistinct, limits.sample) else { throw Damage("it has too many values") }
        reserve(count)
        let hasTexts = keepsText && level == 0
        var lengths: [(length: Int, characters: Int)] = []
        lengths.reserveCapacity(hasTexts ? count : 0)
        var hashes: [(hash: UInt64, count: UInt64)] = []
        hashes.reserveCapacity(hasTexts ? count : 0)
        for _ in 0..<count {
            let hash = try cursor.fixed(UInt64.self)
            let occurrences = UInt64(try cursor.count(upTo: 1 << 40 - 1))
            guard occurrences > 0, hash != 0, keeps(hash) else { throw Damage("a value is out of range") }
            if hasTexts {
                hashes.append((hash, occurrences))
                lengths.append((try cursor.count(upTo: 1 << 31), try cursor.count(upTo: 1 << 31)))
            } else {
                let note = UInt64(try cursor.count(upTo: 1 << 24 - 1))
                add(hash, occurrences) { note }
            }
        }
        if hasTexts { try addTexts(hashes, lengths, PackedBytes.read(&cursor)) }
        guard live == count else { throw Damage("a value is there twice") }
        try readFrequent(&cursor)
    }

    private func addTexts(
        _ hashes: [(hash: UInt64, count: UInt64)], _ lengths: [(length: Int, characters: Int)], _ bodies: [UInt8]
    ) throws(Damage) {
        let wanted = lengths.reduce(0) { $0 + min($1.length, StatisticsLimits.keptBytes) }
        guard wanted == bodies.count else { throw Damage("its texts do not fit its values") }
        var none: UInt8 = 0
        withUnsafePointer(to: &none) { empty in
            bodies.withUnsafeBufferPointer { bodies in
                var at = bodies.baseAddress ?? empty
                for (entry, size) in zip(hashes, lengths) {
                    let kept = min(size.length, StatisticsLimits.keptBytes)
                    add(entry.hash, entry.count) { texts.append(at, kept: kept, size.length, size.characters) }
                    at += kept
                }
            }
        }
    }

    private func readFrequent(_ cursor: inout ByteCursor) throws(Damage) {
        for _ in 0..<(try cursor.count(upTo: cursor.remaining / 11)) {
            let hash = try cursor.fixed(UInt64.self)
            let count = ZigZag.decode(try cursor.varint())
            let note = try cursor.count(upTo: 1 << 32)
            let text = try cursor.copy(cursor.count(upTo: StatisticsLimits.keptBytes))
            frequent[hash] = Frequent(count: min(max(count, -1 << 40), 1 << 40), text: text, note: note)
        }
    }
}

extension FieldTally {
    /// Appends the tally: u8 order, varints rows, values and import time, the extremes beyond exact counting, the table.
    func encode(into out: inout [UInt8]) {
        out.append(order.rawValue)
        out.appendVarint(UInt64(clamping: rows))
        out.appendVarint(UInt64(clamping: values))
        out.appendVarint(ZigZag.encode(importMicros))
        if !counter.isExact { extremes.encode(into: &out) }
        counter.encode(into: &out)
    }

    /// Reads what ``encode(into:)`` appended.
    ///
    /// - Parameter order: of the field now: another one than then is of no account as long as counting is exact.
    convenience init(
        _ limits: StatisticsLimits, _ cursor: inout ByteCursor, order: ValueOrder, isKey: Bool, level: Int
    ) throws(Damage) {
        let stored = try cursor.byte()
        guard level == 0 || stored == order.rawValue else { throw Damage("its order is another one") }
        let rows = Int64(try cursor.count(upTo: 1 << 48))
        let values = Int64(try cursor.count(upTo: Int(rows)))
        let micros = ZigZag.decode(try cursor.varint())
        let extremes = level > 0 ? try Extremes(&cursor) : Extremes()
        let counter = try ValueCounter(limits, keepsText: true, &cursor)
        guard counter.level == UInt64(level) else { throw Damage("its sample is another one") }
        self.init(order, counter, isKey: isKey)
        self.rows = rows
        self.values = values
        self.extremes = extremes
        importMicros = micros
    }
}

extension Extremes {
    fileprivate func encode(into out: inout [UInt8]) {
        for bound in [least, greatest] {
            out.append(bound.isKnown ? 1 : 0)
            out.appendFixed(bound.key)
            out.appendVarint(UInt64(bound.bytes.count))
            out.append(contentsOf: bound.bytes)
            out.appendVarint(ZigZag.encode(bound.holders))
        }
        for length in [shortest, longest] {
            out.append(length.isKnown ? 1 : 0)
            out.appendVarint(UInt64(length.characters))
            out.appendVarint(ZigZag.encode(length.holders))
        }
        out.appendFixed(sum)
        out.appendVarint(ZigZag.encode(unfit))
    }

    fileprivate init(_ cursor: inout ByteCursor) throws(Damage) {
        self.init()
        least = try Self.bound(&cursor)
        greatest = try Self.bound(&cursor)
        shortest = try Self.length(&cursor)
        longest = try Self.length(&cursor)
        sum = try Int128(truncatingIfNeeded: cursor.fixed(UInt128.self))
        unfit = ZigZag.decode(try cursor.varint())
        guard unfit.magnitude < 1 << 48 else { throw Damage("a count is out of range") }
    }

    private static func bound(_ cursor: inout ByteCursor) throws(Damage) -> Bound {
        let isKnown = try cursor.byte() == 1
        let key = Int128(truncatingIfNeeded: try cursor.fixed(UInt128.self))
        let bytes = try cursor.copy(cursor.count(upTo: StatisticsLimits.keptBytes))
        return Bound(key: key, bytes: bytes, holders: try holders(&cursor), isKnown: isKnown)
    }

    private static func length(_ cursor: inout ByteCursor) throws(Damage) -> Length {
        let isKnown = try cursor.byte() == 1
        let characters = try cursor.count(upTo: 1 << 32)
        return Length(characters: characters, holders: try holders(&cursor), isKnown: isKnown)
    }

    private static func holders(_ cursor: inout ByteCursor) throws(Damage) -> Int64 {
        let holders = ZigZag.decode(try cursor.varint())
        guard holders >= 0, holders < 1 << 48 else { throw Damage("a count is out of range") }
        return holders
    }
}

extension ByteCursor {
    /// The next `count` bytes, copied.
    fileprivate mutating func copy(_ count: Int) throws(Damage) -> [UInt8] { Array(bytes[try take(count)]) }
}

extension [UInt8] {
    /// LEB128.
    mutating func appendVarint(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}
