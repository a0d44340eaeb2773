@preconcurrency import Glibc
import Synchronization

/// Where an export goes: stdout, or a file that appears under its name only when it is whole.
final class ExportTarget: Sendable {
    /// nil: stdout.
    let path: String?
    private let console: Console
    private let temporary: String
    private let overwrites: Bool
    /// Of the temporary file; -1 once it is closed, or for stdout.
    private let descriptor: Mutex<Int32>

    init(_ path: String?, overwrites: Bool, _ console: Console) throws {
        self.path = path
        self.console = console
        self.overwrites = overwrites
        guard let path else {
            temporary = ""
            descriptor = Mutex(-1)
            return
        }
        if !overwrites, access(path, F_OK) == 0 { throw Self.exists(path) }
        var template = Array("\(path).XXXXXX".utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else { throw Failure.system("could not make a file beside \(path)", errno) }
        temporary = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        descriptor = Mutex(file)
        let mask = umask(0)
        umask(mask)
        fchmod(file, 0o666 & ~mask)
    }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws {
        guard path != nil else { return try console.data(bytes) }
        try descriptor.withLock { try Descriptor.write(bytes, to: $0) }
    }

    /// Puts the file on disk and gives it its name.
    func finish() throws {
        guard let path else { return }
        let (synced, code) = descriptor.withLock { descriptor in
            let result = fsync(descriptor)
            let code = errno
            close(descriptor)
            descriptor = -1
            return (result == 0, code)
        }
        defer { unlink(temporary) }
        guard synced else { throw Failure.system("could not write \(path)", code) }
        // A link refuses a name that exists, a rename replaces it and leaves nothing to unlink.
        guard (overwrites ? rename(temporary, path) : link(temporary, path)) == 0 else {
            throw errno == EEXIST ? Self.exists(path) : Failure.system("could not name \(path)", errno)
        }
    }

    deinit {
        descriptor.withLock { descriptor in
            guard descriptor >= 0 else { return }
            close(descriptor)
            unlink(temporary)
        }
    }

    private static func exists(_ path: String) -> Failure {
        Failure(.cannotCreate, "\(path) exists.", hints: ["--force overwrites it."])
    }
}

/// A line that says how much was exported, on a terminal that the export does not go to.
final class ExportCounter: Sendable {
    private struct State {
        var live = LiveLines()
        var count: Int64 = 0
        var nextShown: Int64 = 0
    }
    private let console: Console
    private let shows: Bool
    private let state = Mutex(State())

    init(_ console: Console) {
        self.console = console
        shows = console.err.isTerminal && !console.out.isTerminal && !console.isQuiet
    }

    /// There are so many now.
    func show(_ count: Int64) { update { $0 = count } }

    /// There are so many more.
    func add(_ count: Int64) { update { $0 += count } }

    private func update(_ change: (inout Int64) -> Void) {
        state.withLock { state in
            change(&state.count)
            let count = state.count
            guard shows, count >= state.nextShown else { return }
            state.nextShown = count + max(1_000, count / 50)
            console.display(state.live.drawing(["\(Wording.count(count)) …"]))
        }
    }

    /// Says how many there were in the end.
    func finish(_ noun: String, _ path: String?) {
        let (count, erasing) = state.withLock { state in (state.count, state.live.erasing()) }
        if shows { console.display(erasing) }
        console.note("Exported \(Wording.count(count, noun))\(path.map { " to \($0)" } ?? "").")
    }
}
