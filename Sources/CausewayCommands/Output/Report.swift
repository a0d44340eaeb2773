/// What a command has to say, in every format at once. Built by pure functions from what the daemon answered.
struct Report: Hashable, Sendable {
    /// One part of a report for people, separated from the next by an empty line.
    enum Block: Hashable, Sendable {
        case heading(String)
        case table(Table)
        case facts(Facts)
        /// Lines as they are, made harmless one by one.
        case text([String])
    }

    /// The whole for programs: one document.
    var json: JSONValue
    /// The data for people.
    var blocks: [Block] = []
    /// What `--quiet` prints instead of the blocks: names only, one a line.
    var names: [String] = []
    /// Sentences for people about what was done or what to do next; never data, so they go to stderr.
    var notes: [String] = []

    /// The lines of the blocks; a heading stands directly over what follows it.
    func lines(width: Int?, colours: Bool) -> [String] {
        var lines: [String] = []
        var needsGap = false
        for block in blocks {
            let part = Self.lines(of: block, width: width, colours: colours)
            guard !part.isEmpty else { continue }
            if needsGap { lines.append("") }
            lines += part
            if case .heading = block { needsGap = false } else { needsGap = true }
        }
        return lines
    }

    /// The lines for a screen: as wide as it is, and in ASCII where it shows no more.
    func lines(on screen: Screen) -> [String] {
        let lines = lines(width: screen.columns, colours: screen.colours)
        return screen.isUnicode ? lines : lines.map { Bar.plain($0) }
    }

    private static func lines(of block: Block, width: Int?, colours: Bool) -> [String] {
        switch block {
        case .heading(let text): [Style.strong.applied(to: Escaping.line(text), colours: colours)]
        case .table(let table): table.rows.isEmpty ? [] : table.lines(width: width, colours: colours)
        case .facts(let facts): facts.lines(colours: colours)
        case .text(let lines): lines.map { Escaping.line($0) }
        }
    }
}
