extension Session {
    /// Does something that may take seconds, with a line on the terminal that says so.
    func busy<T>(_ text: String, _ body: () async throws -> T) async throws -> T {
        guard console.err.isTerminal, !console.isQuiet else { return try await body() }
        var live = LiveLines()
        console.display(live.drawing([Style.faint.applied(to: "\(text) …", colours: console.err.colours)]))
        defer { console.display(live.erasing()) }
        return try await body()
    }
}
