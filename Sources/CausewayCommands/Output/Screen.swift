@preconcurrency import Glibc

/// What is known about the other end of a stream.
struct Screen: Hashable, Sendable {
    /// A terminal, with somebody in front of it.
    var isTerminal: Bool
    /// Its width in columns; what is not a terminal has none and nothing is cut for it.
    var columns: Int?
    /// Its height in lines, nil where that is not known.
    var rows: Int?
    /// Whether control sequences for colours are wanted.
    var colours: Bool
    /// Whether it shows more than ASCII; what is not a terminal takes everything.
    var isUnicode = true

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
            rows: isKnown && size.ws_row > 0 ? Int(size.ws_row) : nil,
            colours: (Environment.value("NO_COLOR") ?? "").isEmpty && Environment.value("TERM") != "dumb",
            isUnicode: isUnicode(Environment.value))
    }

    /// Whether the locale's characters are UTF-8, by the variables of POSIX in their order.
    static func isUnicode(_ variable: (String) -> String?) -> Bool {
        let names = ["LC_ALL", "LC_CTYPE", "LANG"]
        guard let locale = names.lazy.compactMap(variable).first(where: { !$0.isEmpty }) else { return false }
        let name = locale.lowercased()
        return name.contains("utf-8") || name.contains("utf8")
    }
}

/// The process's environment.
enum Environment {
    /// The variable's value, nil where it is not set.
    static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
