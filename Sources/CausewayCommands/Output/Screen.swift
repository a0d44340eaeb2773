@preconcurrency import Glibc

/// What is known about the other end of a stream.
struct Screen: Hashable, Sendable {
    /// A terminal, with somebody in front of it.
    var isTerminal: Bool
    /// Its width in columns; what is not a terminal has none and nothing is cut for it.
    var columns: Int?
    /// Whether control sequences for colours are wanted.
    var colours: Bool

    /// A pipe or a file.
    static let none = Screen(isTerminal: false, columns: nil, colours: false)

    /// Looks at a descriptor as it is now; the width of a terminal changes.
    ///
    /// `NO_COLOR` (https://no-color.org) and a `TERM` of "dumb" turn colours off.
    static func of(_ descriptor: Int32) -> Screen {
        guard isatty(descriptor) == 1 else { return .none }
        var size = winsize()
        let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return Screen(
            isTerminal: true, columns: isKnown ? Int(size.ws_col) : 80,
            colours: (Environment.value("NO_COLOR") ?? "").isEmpty && Environment.value("TERM") != "dumb")
    }
}

/// The process's environment.
enum Environment {
    /// The variable's value, nil where it is not set.
    static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
