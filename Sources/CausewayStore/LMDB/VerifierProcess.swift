import CLinux
package import CausewayCore
@preconcurrency import Glibc

/// Runs ``StoreVerifier`` in a process of its own, because a damaged file crashes it.
package enum VerifierProcess {
    private static let greatestMessage = 4_096

    /// Runs `executable` with `arguments` and waits for its end. It should exit with 0 when the store is sound, and
    /// write what is wrong to its standard error otherwise. Blocks; it inherits no descriptor.
    ///
    /// - Throws: ``CausewayError`` `STORE_DAMAGED` with what it wrote, or with the signal that ended it;
    ///   `VERIFIER_FAILED` when it cannot be started.
    package static func run(_ executable: String, _ arguments: [String]) throws(CausewayError) {
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends) == 0 else { throw notStarted(executable, errno) }
        let started = spawn(executable, arguments, standardError: ends[1])
        close(ends[1])
        defer { close(ends[0]) }
        let process = try started.get()
        let message = read(ends[0])
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw notStarted(executable, errno) }
        }
        let signal = status & 0x7F
        guard signal == 0 else { throw .damaged("The check of the store was ended by signal \(signal).") }
        let code = (status >> 8) & 0xFF
        guard code == 0 else { throw .damaged(message.isEmpty ? "The check of the store failed (\(code))." : message) }
    }

    private static func spawn(
        _ executable: String, _ arguments: [String], standardError: Int32
    ) -> Result<pid_t, CausewayError> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, standardError, 2)
        clinux_spawn_close_from(&actions, 3)
        var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, executable, &actions, nil, words, environ)
        return code == 0 ? .success(process) : .failure(notStarted(executable, code))
    }

    /// All that comes, of which the beginning is kept.
    private static func read(_ descriptor: Int32) -> String {
        var kept: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: greatestMessage)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            kept += buffer[..<min(count, greatestMessage - kept.count)]
        }
        while let last = kept.last, last == UInt8(ascii: "\n") { kept.removeLast() }
        return String(decoding: kept, as: UTF8.self)
    }

    private static func notStarted(_ executable: String, _ code: Int32) -> CausewayError {
        CausewayError(
            .unavailable, reason: "VERIFIER_FAILED",
            "The check of the store could not be run (\(executable)), so nothing is known of it.",
            cause: LMDBError(code: code))
    }
}
