/// Finds what somebody may have meant.
package enum Suggestion {
    /// The name that is nearest to `text`, when it is near enough to have been meant.
    package static func nearest(to text: String, among names: some Sequence<String>) -> String? {
        let wanted = Array(text.lowercased().unicodeScalars.prefix(64))
        let limit = max(1, min(3, wanted.count / 3))
        var best: (distance: Int, name: String)?
        for name in names {
            let distance = distance(wanted, Array(name.lowercased().unicodeScalars.prefix(64)))
            // Of equals the first in the alphabet, whatever the order they come in.
            if distance <= limit, best.map({ (distance, name) < ($0.distance, $0.name) }) ?? true {
                best = (distance, name)
            }
        }
        return best?.name
    }

    /// Insertions, deletions, replacements and swaps of neighbours that make one into the other.
    private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
