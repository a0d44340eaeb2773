/// Labels with values, one a line, the values under each other.
struct Facts: Hashable, Sendable {
    /// One label and its value.
    struct Fact: Hashable, Sendable {
        var label: String
        var value: Table.Cell
    }

    var facts: [Fact] = []

    /// Adds a fact, unless its value is nil or empty.
    mutating func add(_ label: String, _ value: String?, _ style: Style = .plain) {
        guard let value, !value.isEmpty else { return }
        facts.append(Fact(label: label, value: Table.Cell(value, style)))
    }

    /// Lines of "label  value"; a value of several lines goes on under its first.
    func lines(colours: Bool) -> [String] {
        let width = facts.reduce(0) { max($0, DisplayWidth.of($1.label)) }
        return facts.flatMap { fact in
            let label = Style.faint.applied(to: DisplayWidth.padded(fact.label, to: width), colours: colours)
            let blank = String(repeating: " ", count: width)
            let parts = fact.value.text.split(separator: "\n", omittingEmptySubsequences: false)
            return parts.enumerated().map { index, part in
                (index == 0 ? label : blank) + "  "
                    + fact.value.style.applied(to: Escaping.line(part), colours: colours)
            }
        }
    }
}
