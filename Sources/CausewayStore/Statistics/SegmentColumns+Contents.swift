extension SegmentColumns {
    /// Puts the counts of equal entries on the first of them, and finds those that are in more than one row.
    func group() {
        let (counts, repeats) = (counts, repeats)
        repeatCount = 0
        guard isByRow else {
            for entry in 0..<entryCount where counts[entry] > 1 {
                repeats[repeatCount] = UInt16(truncatingIfNeeded: entry)
                repeatCount += 1
            }
            return
        }
        // Most columns by row have next to no equal entries: bits tell which may have one.
        let candidates = mark()
        guard candidates > 0 else { return }
        table.update(repeating: 0, count: Self.tableSize)
        guard candidates * 4 < entryCount else {
            for entry in 0..<entryCount { join(entry) }
            return
        }
        let (hashes, seen) = (hashes, seen)
        seen.update(repeating: 0, count: Self.seenWords)
        for index in 0..<candidates {
            let bit = Int(hashes[Int(repeats[index])] & 0xFFFF)
            seen[bit >> 6] |= 1 << UInt64(bit & 63)
        }
        for entry in 0..<entryCount {
            let bit = Int(hashes[entry] & 0xFFFF)
            if seen[bit >> 6] & 1 << UInt64(bit & 63) != 0 { join(entry) }
        }
    }

    /// Leaves in ``repeats`` the entries whose bit an earlier one has.
    ///
    /// - Returns: how many.
    private func mark() -> Int {
        let (hashes, seen, candidates) = (hashes, seen, repeats)
        seen.update(repeating: 0, count: Self.seenWords)
        var found = 0
        for entry in 0..<entryCount {
            let bit = Int(hashes[entry] & 0xFFFF)
            let mask: UInt64 = 1 &<< UInt64(bit & 63)
            let word = seen[bit >> 6]
            candidates[found] = UInt16(truncatingIfNeeded: entry)
            found &+= word & mask != 0 ? 1 : 0
            seen[bit >> 6] = word | mask
        }
        return found
    }

    /// Adds an entry's count to that of the first equal one.
    @inline(__always)
    private func join(_ entry: Int) {
        let wanted = hashes[entry]
        let mask = Self.tableSize - 1
        var index = Int(truncatingIfNeeded: wanted) & mask
        while table[index] != 0, hashes[Int(table[index]) &- 1] != wanted { index = (index &+ 1) & mask }
        guard table[index] != 0 else {
            table[index] = UInt16(truncatingIfNeeded: entry &+ 1)
            return
        }
        let first = Int(table[index]) &- 1
        if counts[first] == 1 {
            repeats[repeatCount] = UInt16(truncatingIfNeeded: first)
            repeatCount &+= 1
        }
        counts[first] &+= 1
        counts[entry] = 0
    }

    /// Calls `body` with each entry from `first` on that is in more than one row, and in how many; after ``group()``.
    @inline(__always)
    func eachRepeat(from first: Int, _ body: (Int, Int64) -> Void) {
        for index in 0..<repeatCount {
            let entry = Int(repeats[index])
            if entry >= first, counts[entry] > 1 { body(entry, Int64(counts[entry])) }
        }
    }

    /// Begins the contents of a segment's rows.
    func clearContents(_ rows: Int) {
        sums.update(repeating: 0, count: rows)
        contentValues.update(repeating: 0, count: rows)
    }

    /// Adds the column that was loaded for `slots`, and hashed, to their contents.
    func addContents(_ slots: UnsafeBufferPointer<UInt16>, secret: UInt64) {
        let (sums, values, hashes, positions) = (sums, contentValues, hashes, positions)
        guard isByRow else { return addDictionary(slots, secret) }
        if entryCount == slots.count {
            for row in 0..<entryCount {
                sums[row] = sums[row] &+ ValueHash.mix(hashes[row], secret)
                values[row] &+= 1
            }
            return
        }
        for entry in 0..<entryCount {
            let row = Int(positions[entry])
            sums[row] = sums[row] &+ ValueHash.mix(hashes[entry], secret)
            values[row] &+= 1
        }
    }

    private func addDictionary(_ slots: UnsafeBufferPointer<UInt16>, _ secret: UInt64) {
        guard let codes = view?.codes, values > 0 else { return }
        let (sums, valueCounts, mixed, last) = (sums, contentValues, mixed, entryCount)
        for entry in 0..<last { mixed[entry] = counts[entry] > 0 ? ValueHash.mix(hashes[entry], secret) : 0 }
        mixed[last] = 0
        for row in 0..<slots.count {
            // Null stands behind all entries.
            let entry = min(Int(codes[Int(slots[row])]), last)
            sums[row] = sums[row] &+ mixed[entry]
            valueCounts[row] &+= entry < last ? 1 : 0
        }
    }

    /// Makes the contents of `rows` rows the entries.
    func finishContents(_ rows: Int) {
        letGo()
        let (hashes, sums, valueHash) = (hashes, sums, valueHash)
        entryCount = rows
        counts.update(repeating: 1, count: rows)
        for row in 0..<rows { hashes[row] = valueHash.content(sums[row]) }
    }
}
