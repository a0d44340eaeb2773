@preconcurrency import Glibc

/// Where everything that commands print goes through: data to stdout, all else to stderr.
struct Console: Sendable {
    /// One of the two streams.
    enum Stream: Int32, Hashable, Sendable {
        case out = 1
        case err = 2
    }

    /// How data is printed.
    var format: OutputFormat
    /// Names instead of tables, and no notes.
    var isQuiet: Bool
    var out: Screen
    var err: Screen
    private let write: @Sendable (Stream, [UInt8]) throws -> Void

    /// - Parameter write: takes all bytes or throws.
    init(
        format: OutputFormat, isQuiet: Bool, out: Screen = .none, err: Screen = .none,
        write: @escaping @Sendable (Stream, [UInt8]) throws -> Void
    ) {
        self.format = format
        self.isQuiet = isQuiet
        self.out = out
        self.err = err
        self.write = write
    }

    /// The process's own streams.
    static func standard(format: OutputFormat, isQuiet: Bool) -> Console {
        Console(format: format, isQuiet: isQuiet, out: .of(STDOUT_FILENO), err: .of(STDERR_FILENO)) { stream, bytes in
            try Descriptor.write(bytes, to: stream.rawValue)
        }
    }

    /// Prints a report in the format asked for. The only place that knows all formats.
    func emit(_ report: Report) throws {
        switch format {
        case .json: try line(report.json.written(.indented))
        case .table where isQuiet: for name in report.names { try line(Escaping.line(name)) }
        case .table:
            let lines = report.lines(on: out)
            if !lines.isEmpty { try write(.out, Array((lines.joined(separator: "\n") + "\n").utf8)) }
        }
        for sentence in report.notes { note(sentence) }
    }

    /// Prints one item of a stream: a line of JSON, or the lines for people.
    func item(_ json: JSONValue, _ lines: [String]) throws {
        switch format {
        case .json: try line(json.written(.compact))
        case .table: for text in lines { try line(text) }
        }
    }

    /// Writes bytes of data as they are; on a terminal its controls are made visible.
    func data(_ bytes: [UInt8]) throws {
        guard out.isTerminal else { return try write(.out, bytes) }
        try write(.out, Array(Escaping.block(String(decoding: bytes, as: UTF8.self)).utf8))
    }

    /// A sentence for people, on stderr; left out when quiet. A failing stderr is nobody's error.
    func note(_ sentence: String) {
        guard !isQuiet else { return }
        try? write(.err, Array((Escaping.block(sentence) + "\n").utf8))
    }

    /// Bytes for the terminal behind stderr, control sequences included: progress and prompts.
    func display(_ text: String) { try? write(.err, Array(text.utf8)) }

    /// Bytes for the terminal behind stdout, control sequences included: what is refreshed in place.
    func refresh(_ text: String) throws { try write(.out, Array(text.utf8)) }

    private func line(_ text: String) throws { try write(.out, Array((text + "\n").utf8)) }
}

/// Blocking reads and writes of descriptors.
enum Descriptor {
    /// Writes all bytes.
    ///
    /// A reader that has gone away ends the process the way Unix tools end, by SIGPIPE.
    static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var offset = 0
        while offset < bytes.count {
            let written = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
            }
            if written >= 0 {
                offset += written
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: waitUntilWritable(descriptor)
            case EPIPE:
                signal(SIGPIPE, SIG_DFL)
                raise(SIGPIPE)
                exit(141)
            default: throw Failure.system("could not write", errno)
            }
        }
    }

    /// Reads to the end, at most `limit` bytes.
    static func readAll(_ descriptor: Int32, limit: Int, _ what: String) throws -> [UInt8] {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure.system("could not read \(what)", errno) }
            guard count > 0 else { return result }
            result.append(contentsOf: chunk[..<count])
            guard result.count <= limit else {
                throw Failure(.dataError, "\(what) is larger than \(Wording.bytes(Int64(limit))).")
            }
        }
    }

    private static func waitUntilWritable(_ descriptor: Int32) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&entry, 1, -1)
    }
}
