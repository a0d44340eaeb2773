/// Lines at the bottom of a terminal that are drawn again and again in the same place.
struct LiveLines: Sendable {
    private var drawn = 0

    /// The control sequences that replace what was drawn by these lines.
    mutating func drawing(_ lines: [String]) -> String {
        let text = erasing() + lines.joined(separator: "\n")
        drawn = lines.count
        return text
    }

    /// The control sequences that leave the place as it was before; the cursor stands at its beginning.
    mutating func erasing() -> String {
        guard drawn > 0 else { return "" }
        // Each line is cleared (EL), going up one at a time (CUU): ECMA-48 §8.3.41, §8.3.22.
        let up = String(repeating: "\u{1B}[1A\u{1B}[2K", count: drawn - 1)
        drawn = 0
        return "\r\u{1B}[2K" + up
    }

    /// The control sequences that replace what was drawn by these lines, whatever is longer than a line being cut by
    /// the terminal; without a moment in which nothing is seen.
    mutating func refreshing(_ lines: [String]) -> String {
        // Up to the first line (CUU), then each is overwritten and its rest cleared (EL); what was longer before is
        // cleared to the end of the screen (ED). Without DECAWM nothing goes on in a next line.
        let up = drawn > 1 ? "\u{1B}[\(drawn - 1)A" : ""
        drawn = lines.count
        return "\u{1B}[?7l\r" + up + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J\u{1B}[?7h"
    }

    /// The control sequences that leave what was drawn, with the cursor below it.
    mutating func leaving() -> String {
        guard drawn > 0 else { return "" }
        drawn = 0
        return "\r\n"
    }
}
