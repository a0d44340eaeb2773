extension ValueCounter {
    /// Counts the values of an exact table that have a count, until there are more than it may hold.
    ///
    /// - Returns: how many it has looked at.
    func add(
        _ hashes: UnsafePointer<UInt64>, _ counts: UnsafePointer<UInt32>, _ total: Int, note: (Int) -> UInt64
    ) -> Int {
        let limit = limits.exactDistinct
        return withUnsafeTemporaryAllocation(of: Int32.self, capacity: Self.ahead) { found in
            guard let found = found.baseAddress else { return 0 }
            var at = 0
            while at < total {
                let end = min(total, at &+ Self.ahead)
                look(hashes, at..<end, found)
                let (table, first) = (slots, at)
                // What was found holds until the table moves.
                while at < end, slots == table {
                    let count = UInt64(counts[at])
                    let index = Int(found[at &- first])
                    if index >= 0, table[index].word &>> Slot.noteBits > 0 {
                        table[index].word = table[index].word &+ count &<< Slot.noteBits
                        at &+= 1
                        continue
                    }
                    if count > 0 {
                        let entry = at
                        add(hashes[at], count) { note(entry) }
                    }
                    at &+= 1
                    if live > limit { return at }
                }
            }
            return total
        }
    }

    /// How many values are looked for together.
    private static let ahead = 64

    /// Where the table's first guess for each value is right; else -1. The table is larger than the caches: this waits for
    /// all of them at once.
    @inline(__always)
    private func look(_ hashes: UnsafePointer<UInt64>, _ range: Range<Int>, _ found: UnsafeMutablePointer<Int32>) {
        let (slots, mask) = (slots, capacity &- 1)
        for at in range {
            let hash = hashes[at]
            let index = Int(truncatingIfNeeded: hash) & mask
            found[at &- range.lowerBound] = slots[index].hash == hash ? Int32(truncatingIfNeeded: index) : -1
        }
    }

    /// Takes occurrences of many values away.
    func subtract(_ hashes: UnsafePointer<UInt64>, _ counts: UnsafePointer<UInt32>, _ total: Int) {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: Self.ahead) { found in
            guard let found = found.baseAddress else { return }
            for start in stride(from: 0, to: total, by: Self.ahead) {
                let end = min(total, start + Self.ahead)
                if level == 0 { look(hashes, start..<end, found) }
                for at in start..<end where counts[at] > 0 { subtract(hashes[at], UInt64(counts[at])) }
            }
        }
    }

    /// Counts those of the values of a sample, from entry `first` on, that it keeps.
    func addSampled(
        _ hashes: UnsafePointer<UInt64>, _ counts: UnsafePointer<UInt32>, from first: Int, to total: Int,
        note: (Int) -> UInt64
    ) {
        var at = first
        // Of a hash that the sample keeps nothing is left; shifted by 64, at level 0, of any.
        var shift = 64 &- level
        while at < total {
            if hashes[at] >> shift == 0, counts[at] > 0 {
                let entry = at
                add(hashes[at], UInt64(counts[at])) { note(entry) }
                boundSample()
                shift = 64 &- level
            }
            at &+= 1
        }
    }
}
