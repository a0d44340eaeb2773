/// Prints a report again and again: in place on a terminal, one after the other elsewhere.
struct Watch: Sendable {
    private let console: Console
    private let interval: Duration
    private let screen: @Sendable () -> Screen

    /// How often Ctrl-C is looked at.
    private static let patience = Duration.milliseconds(50)

    init(_ console: Console, every interval: Duration, screen: (@Sendable () -> Screen)? = nil) {
        self.console = console
        self.interval = interval
        let fixed = console.out
        self.screen = screen ?? { fixed.isTerminal ? Screen.of(Console.Stream.out.rawValue) : fixed }
    }

    /// Goes on until Ctrl-C, which leaves the last report on the screen, or until `report` throws.
    func run(_ report: () async throws -> Report) async throws {
        Interrupts.count()
        defer { Interrupts.stopCounting() }
        let refreshes = console.out.isTerminal && console.format == .table && !console.isQuiet
        var live = LiveLines()
        defer { if refreshes { try? console.refresh(live.leaving()) } }
        var isFirst = true
        while true {
            let report = try await report()
            let screen = screen()
            if refreshes {
                try console.refresh(live.refreshing(Self.frame(report, screen)))
            } else if console.format == .json {
                try console.item(report.json, [])
            } else {
                if !isFirst { try console.item(.null, [""]) }
                try console.emit(report)
            }
            isFirst = false
            let end = ContinuousClock.now + interval
            repeat {
                if Interrupts.take() { return }
                try await Task.sleep(for: min(Self.patience, interval))
            } while ContinuousClock.now < end
        }
    }

    /// The report's lines, no more of them than the screen has, and what to do about it.
    static func frame(_ report: Report, _ screen: Screen) -> [String] {
        var lines = report.lines(on: screen)
        let hints = report.notes.map { Escaping.line($0) }
        if !hints.isEmpty { lines += [""] + hints }
        guard let rows = screen.rows, lines.count >= rows, rows > 2 else { return lines }
        return lines.prefix(rows - 2) + ["…"]
    }
}
