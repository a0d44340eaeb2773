package import CausewayCore
package import Glibc

/// A program that is started for a test.
package enum Command {
    /// Runs a program to its end, with `input` on its standard input, and its output taken.
    ///
    /// - Parameter input: at most what a pipe holds, 64 KiB.
    /// - Returns: its standard output.
    /// - Throws: ``CausewayError`` when it cannot be started or ends with another status than 0.
    @discardableResult
    package static func run(_ arguments: [String], input: String = "") throws(CausewayError) -> String {
        let stdin = try Pipe()
        let stdout = try Pipe()
        let stderr = try Pipe()
        let pid = try spawn(arguments, stdin: stdin.readEnd, stdout: stdout.writeEnd, stderr: stderr.writeEnd)
        stdin.write(input)
        for pipe in [stdout, stderr] { pipe.closeWriteEnd() }
        stdin.closeWriteEnd()
        let output = stdout.readAll()
        let complaint = stderr.readAll()
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            throw .fixture("\(arguments.joined(separator: " ")) ended with \(status): \(complaint)")
        }
        return output
    }

    /// Descriptors of this process are below this number.
    private static let mostDescriptors: Int32 = 256

    /// Starts a program with these descriptors as its first three, and no others.
    package static func spawn(
        _ arguments: [String], stdin: Int32, stdout: Int32, stderr: Int32
    ) throws(CausewayError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in [stdin, stdout, stderr].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        // All others: a pipe of another test that a server holds open would never end.
        for descriptor in 3..<mostDescriptors { posix_spawn_file_actions_addclose(&actions, descriptor) }
        let words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let failure = posix_spawnp(&pid, arguments.first ?? "", &actions, nil, words, environ)
        guard failure == 0 else { throw .fixture("\(arguments.first ?? "") could not be started: errno \(failure)") }
        return pid
    }
}

/// A pipe(2) whose ends are closed with it.
package final class Pipe {
    package private(set) var readEnd: Int32
    package private(set) var writeEnd: Int32

    package init() throws(CausewayError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .fixture("no pipe: errno \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        closeWriteEnd()
        if readEnd >= 0 { close(readEnd) }
    }

    package func closeWriteEnd() {
        if writeEnd >= 0 { close(writeEnd) }
        writeEnd = -1
    }

    package func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(writeEnd, bytes, bytes.count)
    }

    package func readAll() -> String {
        var bytes: [UInt8] = []
        while let chunk = readSome(within: .seconds(120)), !chunk.isEmpty { bytes += chunk }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What comes next; empty at the end, nil when nothing comes in time.
    package func readSome(within time: Duration) -> [UInt8]? {
        var entry = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, Int32(clamping: time.milliseconds)) > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let count = read(readEnd, &buffer, buffer.count)
        return count > 0 ? Array(buffer[..<count]) : []
    }
}

extension CausewayError {
    /// A fixture that does not work.
    package static func fixture(_ text: String) -> CausewayError {
        CausewayError(.internal, reason: "FIXTURE", text)
    }
}
