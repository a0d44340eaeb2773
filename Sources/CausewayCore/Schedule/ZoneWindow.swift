/// What the clocks of one zone show around one wall-clock reading: stretches of constant offset.
///
/// Found by asking for offsets only. Offsets are within ± 18 h, change at whole seconds, and do not change there and
/// back within four hours; every zone of the IANA database is like that.
struct ZoneWindow {
    /// Instants (seconds since 1970) from which an offset holds, ascending.
    private var stretches: [(start: Int64, offset: Int64)] = []
    private let end: Int64

    private static let reach: Int64 = 18 * 3_600
    private static let step: Int64 = 4 * 3_600

    /// The window in which every instant lies at which clocks of `zone` may show `wall` (a wall-clock reading as if it
    /// were UTC, in seconds since 1970).
    init(around wall: Int64, in zone: String, by rules: any TimeZoneRules) throws(CausewayError) {
        end = wall + Self.reach
        var sample = wall - Self.reach
        var offset = try Self.offset(sample, zone, rules)
        stretches.append((sample, offset))
        while sample < end {
            let next = min(sample + Self.step, end)
            let wanted = try Self.offset(next, zone, rules)
            while offset != wanted {
                // The first second after `sample` whose offset differs from that at `sample`.
                var (same, other) = (sample, next)
                while other - same > 1 {
                    let middle = same + (other - same) / 2
                    if try Self.offset(middle, zone, rules) == offset { same = middle } else { other = middle }
                }
                sample = other
                offset = try Self.offset(other, zone, rules)
                stretches.append((sample, offset))
            }
            sample = next
        }
    }

    /// The first instant at which clocks show `wall` or later, and how it came about.
    func first(showing wall: Int64) -> (instant: Int64, shown: Int64, occurrence: Occurrence) {
        for (index, stretch) in stretches.enumerated() {
            let instant = max(stretch.start, wall - stretch.offset)
            guard instant < stretchEnd(index) else { continue }
            let shown = instant + stretch.offset
            guard shown == wall else { return (instant, shown, .afterGap) }
            let again = stretches.indices.dropFirst(index + 1).contains {
                let later = wall - stretches[$0].offset
                return later >= stretches[$0].start && later < stretchEnd($0)
            }
            return (instant, shown, again ? .firstOfTwo : .only)
        }
        // Not reached while offsets are within the reach: at the end of the window the clocks show `wall` or later.
        let offset = stretches.last?.offset ?? 0
        return (end, end + offset, .afterGap)
    }

    enum Occurrence: Hashable { case only, firstOfTwo, afterGap }

    private func stretchEnd(_ index: Int) -> Int64 {
        index + 1 < stretches.count ? stretches[index + 1].start : end + 1
    }

    private static func offset(
        _ second: Int64, _ zone: String, _ rules: any TimeZoneRules
    ) throws(CausewayError) -> Int64 {
        Int64(try rules.seconds(of: zone, at: Timestamp(seconds: second)))
    }
}
