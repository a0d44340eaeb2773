import CausewayCore
import CausewayMessages

/// How far a run is and how fast it goes, from the states it was seen in. A value: time is passed in.
struct RunProgress: Sendable {
    /// What was done by when.
    private struct Sample: Sendable {
        var time: Duration
        var rows: Int64
        var bytes: Int64
    }

    /// The run as it was last seen.
    private(set) var run: Run
    private var samples: [Sample] = []
    private let start: Duration

    /// Rates are those of the last few seconds.
    private static let window = Duration.seconds(5)
    private static let maximumSamples = 128

    init(_ run: Run, at now: Duration) {
        self.run = run
        start = now
        update(run, at: now)
    }

    /// Takes the run as it is now.
    mutating func update(_ run: Run, at now: Duration) {
        self.run = run
        samples.append(Sample(time: now, rows: counters.rowsRead, bytes: counters.bytesRead))
        while samples.count > 2, now - samples[1].time >= Self.window || samples.count > Self.maximumSamples {
            samples.removeFirst()
        }
    }

    /// Rows a second, nil before there is anything to tell it from.
    func rowRate(at now: Duration) -> Double? { rate(at: now) { $0.rows } }

    /// How long the rest takes at the speed of the last seconds; nil where that is not known.
    func remaining(at now: Duration) -> Duration? {
        guard let share, share < 1, let rate = rate(at: now, of: { $0.bytes }), rate > 0 else { return nil }
        let seconds = (Double(counters.bytesTotal) - Double(counters.bytesRead)) / rate
        return seconds < 1e9 ? .seconds(Int64(seconds.rounded(.up))) : nil
    }

    /// The part of the bytes that is read, 0 to 1; nil before the listing.
    var share: Double? {
        guard counters.bytesTotal > 0 else { return nil }
        return min(1, max(0, Double(counters.bytesRead) / Double(counters.bytesTotal)))
    }

    /// Two lines for a terminal of this width, neither wider than it.
    func screenLines(width: Int, colours: Bool, at now: Duration) -> [String] {
        let parts = parts(at: now)
        let percent = share.map { " \(Int($0 * 100))%" } ?? ""
        // Facts are left out from the right until the bar has room.
        var shown = parts
        let least = 10 + DisplayWidth.of(percent) + 2
        while shown.count > 1, least + 2 + DisplayWidth.of(shown.joined(separator: "  ")) > width { shown.removeLast() }
        let facts = shown.joined(separator: "  ")
        let room = width - DisplayWidth.of(facts) - DisplayWidth.of(percent) - 4
        let bar = room >= 8 ? bar(columns: min(room, 40), colours: colours) + percent + "  " : ""
        let first = bar.isEmpty ? DisplayWidth.truncated(facts, to: width) : bar + facts
        let second = DisplayWidth.truncated(Escaping.line(activity(at: now)), to: width)
        return [first, Style.faint.applied(to: second, colours: colours)]
    }

    /// One line for where nothing can be drawn.
    func plainLine(at now: Duration) -> String {
        let percent = share.map { "\(Int($0 * 100))%, " } ?? ""
        return "\(Escaping.line(activity(at: now))): \(percent)\(parts(at: now).joined(separator: ", "))"
    }

    private var counters: RunCounters { run.counters ?? RunCounters() }

    /// The most important first.
    private func parts(at now: Duration) -> [String] {
        var parts = [Wording.count(counters.rowsRead, "row")]
        if let rate = rowRate(at: now) { parts.append("\(Wording.count(Int64(min(rate.rounded(), 1e15))))/s") }
        if let remaining = remaining(at: now) { parts.append("\(Wording.clock(remaining)) left") }
        let total = counters.bytesTotal > 0 ? " of \(Wording.bytes(counters.bytesTotal))" : ""
        parts.append("\(Wording.bytes(counters.bytesRead))\(total)")
        if counters.filesListed > 0 {
            let done = counters.filesRead &+ counters.filesSkipped &+ counters.filesHeld &+ counters.filesFailed
            parts.append("\(done) of \(Wording.count(counters.filesListed, "file"))")
        }
        return parts
    }

    private func activity(at now: Duration) -> String {
        let head = "Run \(run.number)"
        switch run.state {
        case .queued: return "\(head) waits for its turn, \(Wording.clock(now - start))"
        case .running where !run.activity.isEmpty: return "\(head) \(run.activity)"
        case .running: return "\(head) runs, \(Wording.clock(now - start))"
        default: return "\(head) \(run.state.word)"
        }
    }

    private func rate(at now: Duration, of value: (Sample) -> Int64) -> Double? {
        guard let first = samples.first, let last = samples.last else { return nil }
        let span = Double((max(now, last.time) - first.time).microseconds) / 1e6
        guard span >= 0.5 else { return nil }
        return max(0, Double(value(last)) - Double(value(first))) / span
    }

    private func bar(columns: Int, colours: Bool) -> String {
        let inner = columns - 2
        guard let share else { return "[" + String(repeating: "·", count: inner) + "]" }
        let filled = Int(share * Double(inner))
        let done = Style.good.applied(to: String(repeating: "█", count: filled), colours: colours)
        return "[" + done + String(repeating: "·", count: inner - filled) + "]"
    }
}
