@preconcurrency import Glibc

/// Lines that somebody types.
enum TerminalInput {
    /// The longest line taken, in bytes.
    private static let maximumLine = 64 << 10

    /// Reads a line from stdin, without its end; nil at the end of input.
    ///
    /// - Parameter echo: false shows nothing of what is typed. The terminal is put back also on Ctrl-C.
    /// - Throws: ``Failure/interrupted`` on Ctrl-C.
    static func readLine(echo: Bool) throws -> [UInt8]? {
        Interrupts.count()
        defer { Interrupts.stopCounting() }
        guard !echo else { return try bytes() }
        return try withoutEcho { try bytes() }
    }

    private static func withoutEcho<T>(_ body: () throws -> T) throws -> T {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { throw Failure.system("could not hide the input", errno) }
        let original = settings
        settings.c_lflag &= ~tcflag_t(ECHO)
        settings.c_lflag |= tcflag_t(ECHONL)
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings) == 0 else {
            throw Failure.system("could not hide the input", errno)
        }
        defer {
            var original = original
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &original)
        }
        return try body()
    }

    private static func bytes() throws -> [UInt8]? {
        var line: [UInt8] = []
        while line.count < maximumLine {
            try waitUntilReadable()
            var byte: UInt8 = 0
            let count = read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure.system("could not read the answer", errno) }
            if count == 0 { return line.isEmpty ? nil : line }
            if byte == UInt8(ascii: "\n") { return line }
            line.append(byte)
        }
        throw Failure(.dataError, "The line is too long.")
    }

    /// Any thread may get the signal, so the wait is short and looks itself.
    private static func waitUntilReadable() throws {
        var entry = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, 100) <= 0 {
            if Interrupts.take() { throw Failure.interrupted }
        }
    }
}
