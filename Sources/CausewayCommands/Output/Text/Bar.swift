/// A length on the screen in the place of a number.
struct Bar: Hashable, Sendable {
    /// Parts of the whole length, one after the other, 0 to 1 together.
    var parts: [Double]

    /// Columns of the longest bar where the screen has room.
    static let longest = 30

    /// One part, drawn to an eighth of a column.
    init(_ share: Double) { parts = [share] }

    /// Several parts, each drawn in another shade.
    init(parts: [Double]) { self.parts = parts }

    /// The bar, where `width` columns stand for 1. What is more than nothing is seen.
    func text(width: Int) -> String {
        guard width > 0 else { return "" }
        if parts.count == 1 { return Self.fine(parts[0].clamped, width) }
        let shown = parts.indices.filter { parts[$0].clamped > 0 }
        var text = ""
        var sum = 0.0
        var used = 0
        for (place, index) in shown.enumerated() {
            sum += parts[index].clamped
            // A column is left for each part that is still to come.
            let limit = width - (shown.count - 1 - place)
            let end = min(limit, max(used + 1, Int((sum.clamped * Double(width)).rounded())))
            text += String(repeating: Self.shades[min(index, Self.shades.count - 1)], count: max(0, end - used))
            used = max(used, end)
        }
        return text
    }

    /// Numbers as a row of small bars, each against the largest of them.
    static func row(_ numbers: [Int64]) -> String {
        guard let most = numbers.max(), most > 0 else { return String(repeating: "▁", count: numbers.count) }
        return String(
            numbers.map { number -> Character in
                guard number > 0 else { return "▁" }
                let step = (Double(number) / Double(most) * Double(heights.count - 1)).rounded()
                return heights[max(1, min(heights.count - 1, Int(step)))]
            })
    }

    /// The text with our own signs replaced by ASCII of the same width, for a screen that shows no more.
    static func plain(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        return String(text.map { ascii[$0] ?? $0 })
    }

    private static func fine(_ share: Double, _ width: Int) -> String {
        let eighths = share > 0 ? max(1, Int((share * Double(width * 8)).rounded())) : 0
        let rest = eighths % 8
        return String(repeating: "█", count: eighths / 8) + (rest > 0 ? String(ends[rest - 1]) : "")
    }

    private static let shades: [Character] = ["█", "▒", "░"]
    private static let ends: [Character] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    private static let heights: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    private static let ascii: [Character: Character] = [
        "█": "#", "▉": "#", "▊": "#", "▋": "#", "▌": "=", "▍": "=", "▎": "-", "▏": "-", "▒": "=", "░": "-",
        "▁": "_", "▂": ".", "▃": ".", "▄": "-", "▅": "-", "▆": "=", "▇": "=", "·": ".", "…": "~", "∅": "-", "≈": "~",
        "•": "*", "–": "-", "→": ">", "├": "|", "└": "`", "─": "-", "≤": "<",
    ]
}

extension Double {
    /// 0 to 1, and 0 for what is no number.
    fileprivate var clamped: Double { isNaN ? 0 : Swift.min(1, Swift.max(0, self)) }
}
