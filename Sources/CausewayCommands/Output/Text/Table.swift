/// Rows of cells, aligned by what they take on the screen.
struct Table: Hashable, Sendable {
    /// A column of a table.
    struct Column: Hashable, Sendable {
        var title: String
        /// Numbers stand right.
        var standsRight = false
        /// May be cut to this many columns when the screen is too narrow; nil: never.
        var shrinksTo: Int?
        /// What does not fit goes on in the next line instead of being cut.
        var wraps = false
        /// Left out where the screen is too narrow even when all that may shrink has shrunk; the last such column
        /// goes first.
        var isDispensable = false
        /// What is cut is the beginning: of a path the end says most.
        var keepsEnd = false

        /// Text, cut where the screen is too narrow.
        static func text(_ title: String, shrinksTo: Int? = 8) -> Column { Column(title: title, shrinksTo: shrinksTo) }
        /// Sentences, broken into several lines where the screen is too narrow.
        static func prose(_ title: String, shrinksTo: Int = 24) -> Column {
            Column(title: title, shrinksTo: shrinksTo, wraps: true)
        }
        /// A name or a time, never cut: it is there to be copied.
        static func whole(_ title: String) -> Column { Column(title: title) }
        static func number(_ title: String) -> Column { Column(title: title, standsRight: true) }
        /// A path, of which the end is kept where the screen is too narrow.
        static func path(_ title: String) -> Column { Column(title: title, shrinksTo: 12, keepsEnd: true) }
        /// Bars, as long as the screen has room.
        static func bars(_ title: String) -> Column { Column(title: title, shrinksTo: 6) }

        /// The column, to be left out where there is no room for it.
        var dispensable: Column {
            var column = self
            column.isDispensable = true
            return column
        }
    }

    /// One cell. Its text is made harmless when the table is laid out.
    struct Cell: Hashable, Sendable, ExpressibleByStringLiteral {
        var text: String
        var style: Style
        /// The cell is a bar instead of text, which is as long as its column is wide.
        var bar: Bar?

        init(_ text: String, _ style: Style = .plain) {
            self.text = text
            self.style = style
        }
        init(_ bar: Bar, _ style: Style = .good) {
            text = ""
            self.style = style
            self.bar = bar
        }
        init(stringLiteral value: String) { self.init(value) }

        /// A count as people read it.
        static func count(_ number: Int64, _ style: Style = .plain) -> Cell { Cell(Wording.count(number), style) }
    }

    var columns: [Column]
    var rows: [[Cell]] = []
    /// Says by a last column how many columns were left out.
    var countsLeftOut = false
    private var leftOut = 0

    init(columns: [Column], rows: [[Cell]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// The table as lines without trailing spaces.
    ///
    /// - Parameter width: columns of the screen to fit into where columns may shrink; nil: nothing is cut.
    func lines(width: Int?, colours: Bool) -> [String] {
        var texts = rows.map { row in row.map { Escaping.line($0.text) } }
        let natural = naturalWidths(texts)
        if let width, let index = dispensable(natural, width) {
            return without(index).lines(width: width, colours: colours)
        }
        let widths = fitted(natural, into: width)
        for (number, row) in rows.enumerated() {
            for (index, cell) in row.enumerated() where index < widths.count {
                if let bar = cell.bar { texts[number][index] = bar.text(width: widths[index]) }
            }
        }
        var lines: [String] = []
        if columns.contains(where: { !$0.title.isEmpty }) {
            let titles = columns.map(\.title)
            lines.append(line(titles, titles.map { _ in .strong }, widths, colours: colours))
        }
        for (row, text) in zip(rows, texts) {
            for part in wrapped(text, widths) { lines.append(line(part, row.map(\.style), widths, colours: colours)) }
        }
        return lines
    }

    private static let gap = 2

    private func naturalWidths(_ texts: [[String]]) -> [Int] {
        columns.indices.map { index in
            let title = DisplayWidth.of(columns[index].title)
            if rows.contains(where: { index < $0.count && $0[index].bar != nil }) { return max(title, Bar.longest) }
            return texts.reduce(title) { widest, row in
                max(widest, index < row.count ? DisplayWidth.of(row[index]) : 0)
            }
        }
    }

    /// The column to leave out first, nil when all fit or none may be left out.
    private func dispensable(_ natural: [Int], _ width: Int) -> Int? {
        let least = columns.indices.reduce(Self.gap * max(0, columns.count - 1)) { sum, index in
            sum + min(natural[index], columns[index].shrinksTo ?? natural[index])
        }
        return least > width ? columns.lastIndex { $0.isDispensable } : nil
    }

    private func without(_ index: Int) -> Table {
        var table = self
        table.remove(index)
        guard countsLeftOut else { return table }
        if leftOut > 0 { table.remove(table.columns.count - 1) }
        table.leftOut += 1
        table.columns.append(.whole("+\(table.leftOut)"))
        for number in table.rows.indices { table.rows[number].append(Cell("…", .faint)) }
        return table
    }

    private mutating func remove(_ index: Int) {
        columns.remove(at: index)
        for number in rows.indices where index < rows[number].count { rows[number].remove(at: index) }
    }

    /// Takes columns away from the widest column that may shrink until all fit or nothing is left to take.
    private func fitted(_ natural: [Int], into width: Int?) -> [Int] {
        guard let width else { return natural }
        var widths = natural
        var excess = widths.reduce(0, +) + Self.gap * max(0, widths.count - 1) - width
        while excess > 0 {
            let candidates = widths.indices.filter { index in
                guard let least = columns[index].shrinksTo else { return false }
                return widths[index] > max(least, 1)
            }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    /// The row as one row of texts, or as several where a column wraps.
    private func wrapped(_ texts: [String], _ widths: [Int]) -> [[String]] {
        let cells = texts.enumerated().map { index, text in
            index < columns.count && columns[index].wraps ? DisplayWidth.wrapped(text, to: widths[index]) : [text]
        }
        let height = cells.reduce(1) { max($0, $1.count) }
        return (0..<height).map { part in cells.map { part < $0.count ? $0[part] : "" } }
    }

    private func line(_ texts: [String], _ styles: [Style], _ widths: [Int], colours: Bool) -> String {
        var line = ""
        var pending = 0
        for (index, text) in texts.enumerated() where index < columns.count {
            let width = max(widths[index], 1)
            let cut =
                columns[index].keepsEnd
                ? DisplayWidth.truncatedInFront(text, to: width) : DisplayWidth.truncated(text, to: width)
            let spaces = widths[index] - DisplayWidth.of(cut)
            if columns[index].standsRight { pending += spaces }
            if !cut.isEmpty {
                line += String(repeating: " ", count: pending)
                line += styles[index].applied(to: cut, colours: colours)
                pending = 0
            }
            pending += (columns[index].standsRight ? 0 : spaces) + Self.gap
        }
        return line
    }
}
