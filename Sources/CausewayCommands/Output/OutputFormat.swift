/// How a command prints what it has to say.
enum OutputFormat: String, Hashable, Sendable, CaseIterable {
    /// For people: tables and sentences.
    case table
    /// For programs: one JSON document, or one a line where there is a stream of them.
    case json
}
