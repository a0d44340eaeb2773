import CausewayCore
import CausewayTestKit
import Glibc

/// A built executable at work, its output in files of a folder.
///
/// Its environment is this process's with a few variables on top, and a runtime that writes no backtraces: they would
/// quote memory into what is searched for secrets.
final class Program: @unchecked Sendable {
    // `pid` is written once, by whoever waits for the end.
    let pid: pid_t
    let outputPath: String
    let errorPath: String

    /// The folder that the build puts executables into: the one of the test bundle, unless CAUSEWAY_TEST_EXECUTABLES
    /// names another.
    static let folder: String = {
        if let named = getenv("CAUSEWAY_TEST_EXECUTABLES") { return String(cString: named) }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let path = String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }()

    /// Starts `name` of the build, or the program at an absolute path.
    ///
    /// - Parameters:
    ///   - environment: variables on top of this process's.
    ///   - tag: where in `scratch` its output goes: `tag.out` and `tag.err`, which are added to.
    init(
        _ name: String, _ arguments: [String], environment: [String: String], input: String = "",
        in scratch: ScratchFolder, tag: String
    ) throws(CausewayError) {
        outputPath = scratch["\(tag).out"]
        errorPath = scratch["\(tag).err"]
        try scratch.write("\(tag).in", input)
        let stdin = open(scratch["\(tag).in"], O_RDONLY | O_CLOEXEC)
        let stdout = open(outputPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        let stderr = open(errorPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        defer { for descriptor in [stdin, stdout, stderr] { close(descriptor) } }
        let path = name.hasPrefix("/") ? name : "\(Self.folder)/\(name)"
        let variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
        pid = try Command.spawn(
            ["env", "SWIFT_BACKTRACE=enable=no"] + variables + [path] + arguments,
            stdin: stdin, stdout: stdout, stderr: stderr)
    }

    /// Waits for its end.
    ///
    /// - Returns: its exit status, or 128 and the signal that ended it.
    func wait() async -> Int32 {
        let pid = pid
        return await Self.offPool {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            return Self.exitStatus(status)
        }
    }

    /// Its exit status, nil while it runs. To be called no more once it has ended.
    func poll() -> Int32? {
        var status: Int32 = 0
        return waitpid(pid, &status, WNOHANG) == pid ? Self.exitStatus(status) : nil
    }

    private static func exitStatus(_ status: Int32) -> Int32 {
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    /// Runs what blocks on a thread of its own, so that other tests go on.
    static func offPool<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            let box = Unmanaged.passRetained(Work { continuation.resume(returning: body()) })
            var thread = pthread_t()
            let failure = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                    return nil
                }, box.toOpaque())
            guard failure == 0 else {
                box.takeRetainedValue().body()
                return
            }
            pthread_detach(thread)
        }
    }

    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
}

/// What a command answered.
struct Answer: Sendable {
    let status: Int32
    let output: String
    let complaint: String

    /// The document on stdout; of several, one a line, the last.
    var json: JSON {
        JSON(text: output) ?? output.split(separator: "\n").last.flatMap { JSON(text: String($0)) } ?? .null
    }

    /// The error that it ended with, which warnings may precede; or that of the run that it watched.
    var error: JSON {
        let start = complaint.hasPrefix("{") ? complaint.startIndex : complaint.firstRange(of: "\n{")?.lowerBound
        return (start.flatMap { JSON(text: String(complaint[$0...])) } ?? json)["error"]
    }

    /// The error's reason.
    var reason: String? { error["reason"].text }
}
