package import CausewayCore
import Glibc

/// An OpenSSH server on a free port of 127.0.0.1, with host keys of its own, that serves SFTP.
///
/// It ends with the last reference, and by itself after ten minutes. Anybody who signs in by one of its keys may be any
/// user that it can become: it is for tests alone.
package final class SSHServerFixture {
    /// What the server is to be like.
    package struct Options: Sendable {
        /// Types of host keys, as ssh-keygen names them.
        package var hostKeyTypes = ["ed25519"]
        /// Whether passwords are asked for by PAM, which keyboard-interactive needs.
        package var usesPAM = false
        /// What serves SFTP, nil for nothing.
        package var subsystem: String? = "internal-sftp"
        /// More lines of sshd_config.
        package var configuration: [String] = []
        package init() {}
    }

    package let port: UInt16
    package let folder: ScratchFolder
    /// "SHA256:…" by the type of the host key.
    package let fingerprints: [String: String]

    private let options: Options
    private let output: Pipe
    private var pid: pid_t
    private var isRunning = true

    /// Whether sshd is installed.
    package static var isPossible: Bool { access(sshd, X_OK) == 0 }

    private static let sshd = "/usr/sbin/sshd"
    /// F_SETPIPE_SZ of fcntl(2), so that nobody need read along.
    private static let setPipeSize: Int32 = 1_031
    private static let longestLife = "600"

    /// Starts a server and waits until it listens.
    ///
    /// - Throws: ``CausewayError`` when sshd is missing or does not start.
    package init(_ options: Options = Options()) throws(CausewayError) {
        self.options = options
        folder = try ScratchFolder("causeway-sshd")
        chmod(folder.path, 0o755)
        if geteuid() == 0 { mkdir("/run/sshd", 0o755) }
        var fingerprints: [String: String] = [:]
        for type in options.hostKeyTypes {
            let key = folder["host_\(type)"]
            try Command.run(["ssh-keygen", "-q", "-t", type, "-N", "", "-f", key])
            let line = try Command.run(["ssh-keygen", "-lf", key]).split(separator: " ")
            fingerprints[type] = line.count > 1 ? String(line[1]) : ""
        }
        self.fingerprints = fingerprints
        try folder.write("authorized_keys", "")
        (port, pid, output) = try Self.startOnFreePort(options, folder)
    }

    deinit { stop() }

    // MARK: Who may sign in

    /// A key pair that the server takes.
    ///
    /// - Parameters:
    ///   - type: as ssh-keygen names it.
    ///   - isPEM: whether the private key is in OpenSSL's format.
    ///   - isAuthorized: false for a key that is refused.
    /// - Returns: the text of the private key.
    package func makeKey(
        _ type: String = "ed25519", passphrase: String = "", isPEM: Bool = false, isAuthorized: Bool = true
    ) throws(CausewayError) -> String {
        let name = "key_\(type)_\(UInt32.random(in: 0 ... .max))"
        let form = isPEM ? ["-m", "PEM"] : []
        try Command.run(["ssh-keygen", "-q", "-t", type, "-N", passphrase, "-f", folder[name]] + form)
        if isAuthorized {
            let keys = (folder.read("authorized_keys") ?? []) + (folder.read(name + ".pub") ?? [])
            try folder.write("authorized_keys", keys)
        }
        return String(decoding: folder.read(name) ?? [], as: UTF8.self)
    }

    /// Who this process is, the user that signs in by key.
    package static var ownName: String { getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "root" }

    // MARK: Life

    /// Ends the server and all its sessions at once.
    package func kill() {
        guard isRunning else { return }
        isRunning = false
        let sessions = descendants(of: pid)
        for process in [pid] + sessions { Glibc.kill(process, SIGKILL) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    }

    /// Starts a server that was killed, on the same port.
    package func restart() throws(CausewayError) {
        kill()
        pid = try Self.start(options, folder, port: port, output)
        isRunning = true
    }

    private func stop() { kill() }

    /// What the server has said since the last call.
    package func takeLog() -> String {
        var bytes: [UInt8] = []
        while let chunk = output.readSome(within: .zero), !chunk.isEmpty { bytes += chunk }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Starting

    private static func startOnFreePort(
        _ options: Options, _ folder: ScratchFolder
    ) throws(CausewayError) -> (UInt16, pid_t, Pipe) {
        let output = try Pipe()
        _ = fcntl(output.writeEnd, setPipeSize, 1 << 20)
        var failure = CausewayError.fixture("sshd was not tried")
        // The port is free when it is looked up, and may not be any more when sshd wants it.
        for _ in 0..<5 {
            let port = try LoopbackSocket.freePort()
            do {
                return (port, try start(options, folder, port: port, output), output)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func start(
        _ options: Options, _ folder: ScratchFolder, port: UInt16, _ output: Pipe
    ) throws(CausewayError) -> pid_t {
        guard isPossible else { throw .fixture("\(sshd) is not installed") }
        let lines =
            [
                "Port \(port)", "ListenAddress 127.0.0.1", "PidFile none",
                "AuthorizedKeysFile \(folder["authorized_keys"])", "StrictModes no",
                "UsePAM \(options.usesPAM ? "yes" : "no")", "PasswordAuthentication \(options.usesPAM ? "no" : "yes")",
                "KbdInteractiveAuthentication \(options.usesPAM ? "yes" : "no")", "PermitRootLogin yes",
                "UseDNS no", "MaxStartups 100", "LoginGraceTime 60",
            ] + options.hostKeyTypes.map { "HostKey \(folder["host_\($0)"])" }
        // sshd takes the first of each setting.
        let subsystem = options.subsystem.map { ["Subsystem sftp \($0)"] } ?? []
        try folder.write("sshd_config", (options.configuration + lines + subsystem).joined(separator: "\n") + "\n")
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        let pid = try Command.spawn(
            ["timeout", "--signal=KILL", longestLife, sshd, "-D", "-e", "-f", folder["sshd_config"]],
            stdin: null, stdout: null, stderr: output.writeEnd)
        var said = ""
        while !said.contains("Server listening") {
            var status: Int32 = 0
            let isOver = waitpid(pid, &status, WNOHANG) != 0
            let chunk = output.readSome(within: .milliseconds(isOver ? 0 : 100))
            said += String(decoding: chunk ?? [], as: UTF8.self)
            guard isOver, chunk == nil else { continue }
            throw .fixture("sshd did not start: \(said)")
        }
        return pid
    }

    /// The processes that `root` started, and those that they did.
    private func descendants(of root: pid_t) -> [pid_t] {
        var parents: [pid_t: pid_t] = [:]
        for name in ScratchFolder.names(in: Array("/proc".utf8)) ?? [] {
            guard let pid = pid_t(String(decoding: name, as: UTF8.self)) else { continue }
            parents[pid] = Self.parent(of: pid)
        }
        var found: [pid_t] = []
        var waiting = [root]
        while let next = waiting.popLast() {
            let children = parents.filter { $0.value == next }.keys
            found += children
            waiting += children
        }
        return found
    }

    private static func parent(of pid: pid_t) -> pid_t? {
        let file = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 1_024)
        let count = read(file, &buffer, buffer.count)
        // "pid (name) state ppid …", where the name may hold anything.
        let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[end...].split(separator: " ")
        return fields.count > 2 ? pid_t(fields[2]) : nil
    }
}
