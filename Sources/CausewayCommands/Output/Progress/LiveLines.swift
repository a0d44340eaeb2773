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
}
