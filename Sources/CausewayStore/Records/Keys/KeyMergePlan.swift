/// Which runs to merge next.
///
/// A merge takes runs that are neighbours in age, and what comes of it takes their place: so a newer entry stays in front
/// of an older one, and old runs that are none of the matter, as those of a file that came in key order, stay as they are.
enum KeyMergePlan {
    /// So many runs of a level that have the same key are merged.
    static let fan = 8
    /// So many runs of about the same, small size, in a row, become one.
    static let row = 16
    /// Entries that a unit writes at most.
    static let slice = 200_000

    static func next(_ list: KeyRunList) -> KeyRunList.Merge? {
        deep(list.runs) ?? small(list.runs)
    }

    /// The newest runs up to some level of which ``fan`` have the same key.
    private static func deep(_ runs: [KeyRun]) -> KeyRunList.Merge? {
        guard let top = runs.map(\.level).max() else { return nil }
        for level in 0...top {
            guard let newest = runs.lastIndex(where: { $0.level == level }) else { continue }
            let oldest = runs[...newest].lastIndex { $0.level > level }.map { $0 + 1 } ?? 0
            guard greatestDepth(runs[oldest...newest]) >= fan else { continue }
            let first = shortest(runs[oldest...newest])
            return merge(runs[first...newest], level: min(level + 1, KeyRunList.greatestLevel))
        }
        return nil
    }

    /// How many of the runs have the same key, at most.
    private static func greatestDepth(_ runs: ArraySlice<KeyRun>) -> Int {
        guard runs.count >= fan else { return runs.count }
        let lows = runs.map(\.low).sorted { isBelow($0, $1) }
        let highs = runs.map(\.high).sorted { isBelow($0, $1) }
        var greatest = 0
        var ended = 0
        for (index, low) in lows.enumerated() {
            while ended < highs.count, isBelow(highs[ended], low) { ended += 1 }
            greatest = max(greatest, index + 1 - ended)
        }
        return greatest
    }

    /// Where the fewest of the newest runs begin of which ``fan`` have the same key.
    private static func shortest(_ runs: ArraySlice<KeyRun>) -> Int {
        // For each run looked at, the newest first, how many of them have its lowest key.
        var depths: [Int] = []
        for first in runs.indices.reversed() {
            let run = runs[first]
            var own = 1
            for (index, other) in zip(depths.indices, runs[(first + 1)...].reversed()) where run.overlaps(other) {
                if !isBelow(run.low, other.low) { own += 1 }
                if !isBelow(other.low, run.low) { depths[index] += 1 }
            }
            depths.append(own)
            if depths.contains(where: { $0 >= fan }) { return first }
        }
        return runs.startIndex
    }

    /// The first runs in a row, none larger than their size class and all together one slice, of which there are ``row``.
    private static func small(_ runs: [KeyRun]) -> KeyRunList.Merge? {
        guard runs.count >= row else { return nil }
        for sizeClass in 0..<4 {
            var begin = 0
            while begin < runs.count {
                var end = begin
                var sum = 0
                while end < runs.count, end - begin < 64, self.sizeClass(runs[end]) <= sizeClass,
                    sum + runs[end].count <= slice
                {
                    sum += runs[end].count
                    end += 1
                }
                if end - begin >= row {
                    return merge(runs[begin..<end], level: runs[begin..<end].reduce(0) { max($0, $1.level) })
                }
                begin = max(end, begin + 1)
            }
        }
        return nil
    }

    /// 0 below 16 entries, 1 below 256, 2 below 4,096 and so on.
    private static func sizeClass(_ run: KeyRun) -> Int {
        (Int.bitWidth - max(1, run.count).leadingZeroBitCount - 1) / 4
    }

    private static func merge(_ runs: ArraySlice<KeyRun>, level: Int) -> KeyRunList.Merge {
        KeyRunList.Merge(runs: runs.map(\.id), level: level, after: [])
    }
}
