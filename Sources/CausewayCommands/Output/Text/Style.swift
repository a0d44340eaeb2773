/// What a piece of text means, shown as colour where colours are wanted and as nothing elsewhere.
enum Style: Hashable, Sendable {
    case plain
    /// A heading.
    case strong
    /// Less important than what stands beside it.
    case faint
    case good
    case warning
    case bad

    /// The text between the terminal's control sequences, or as it is.
    func applied(to text: String, colours: Bool) -> String {
        guard colours, let code, !text.isEmpty else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }

    /// The parameter of "select graphic rendition", ECMA-48 §8.3.117.
    private var code: String? {
        switch self {
        case .plain: nil
        case .strong: "1"
        case .faint: "2"
        case .good: "32"
        case .warning: "33"
        case .bad: "31"
        }
    }
}
