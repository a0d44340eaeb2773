import CausewayCore
import CausewayTestKit
import Glibc

/// An SFTP server with files, a key that it takes, and a way to it that fails as it is told.
final class Site {
    let server: SSHServerFixture
    let proxy: FaultProxy
    let files: ScratchFolder
    let keyPath: String
    let fingerprint: String

    init() throws {
        server = try SSHServerFixture()
        proxy = try FaultProxy(target: server.port)
        files = try ScratchFolder("causeway-files")
        chmod(files.path, 0o755)
        try files.makeFolder("in")
        keyPath = try files.write("key", try server.makeKey(), mode: 0o600)
        fingerprint = server.fingerprints["ed25519"] ?? ""
    }

    var folder: String { files["in"] }

    /// Flags of `connect` for one entity, "profiles", read through the proxy as the user of this process.
    func flags(
        _ name: String = "crm", entity: String = "", hostKey: String? = nil, signIn: [String]? = nil
    ) -> [String] {
        let key = [
            "--sign-in", "key", "--set", "username=\(SSHServerFixture.ownName)", "--secret-file",
            "private_key=\(keyPath)",
        ]
        return ["connect", "sftp", "--name", name, "--no-input", "-o", "json"] + (signIn ?? key) + [
            "--set", "host=127.0.0.1", "--set", "port=\(proxy.port)", "--accept-host-key", hostKey ?? fingerprint,
            "--entity", "profiles:folder=\(folder),primary_key=id,quiet_period=0s\(entity)",
        ]
    }

    /// Makes the connection, which must work.
    func connect(_ daemon: DaemonFixture, _ name: String = "crm", entity: String = "") async throws {
        let answer = try await daemon.causeway(flags(name, entity: entity))
        guard answer.status == 0 else { throw CausewayError.fixture("no connection: \(answer)") }
    }

    // MARK: Files

    static let header = "id,name,note\n"

    /// A row of about `width` bytes, written as an export writes it.
    static func row(_ id: Int, name: String = "Name", width: Int = 40) -> String {
        "\(id),\(name) \(id),\(String(repeating: "abcdefghij", count: max(1, width / 10)))\n"
    }

    /// Writes a file of rows, and gives it a time of its own so that files are read in the order of `age`.
    @discardableResult
    func write(
        _ name: String, _ ids: Range<Int>, rowName: String = "Name", width: Int = 40, faulty: [Int] = [],
        minutesOld: Int = 60
    ) throws -> String {
        var text = ""
        for id in ids {
            text += faulty.contains(id) ? "\(id),too,many,values\n" : Self.row(id, name: rowName, width: width)
        }
        try files.write("in/\(name)", Self.header + text)
        age("in/\(name)", minutes: minutesOld)
        return text
    }

    /// Sets how long ago a file was changed.
    func age(_ name: String, minutes: Int) {
        var times = [timespec(), timespec()]
        times[0].tv_sec = time(nil) - minutes * 60
        times[1] = times[0]
        utimensat(AT_FDCWD, files[name], &times, 0)
    }

    /// Twenty megabytes in one file, of which some batches are committed before the last six megabytes have come.
    ///
    /// - Returns: its rows.
    @discardableResult
    func writeLarge(_ name: String = "large.csv") throws -> String {
        try write(name, 0..<10_000, width: 2_000)
    }

    /// Bytes of the server after which a session that reads ``writeLarge(_:)`` is in the middle of it, with a
    /// checkpoint behind it.
    static let middle = 14 << 20
}

extension DaemonFixture {
    /// Starts a fetch whose link stalls in the middle of the file, and returns when it has and a part is committed.
    func fetchToTheMiddle(_ site: Site, _ name: String = "crm") async throws {
        site.proxy.plan(.stall(afterServerBytes: Site.middle))
        let started = try await causeway("fetch", name, "--no-wait", "-o", "json")
        guard started.status == 0 else { throw CausewayError.fixture("no fetch: \(started)") }
        await site.proxy.waitUntilStalled()
        try await causeway("run", "show", name, "-o", "json") { ($0.json["counters"]["rowsRead"].integer ?? 0) > 0 }
    }

    /// All runs, oldest first.
    func runs(_ name: String = "crm") async throws -> [JSON] {
        try await causeway("run", "list", name, "--limit", "200", "-o", "json").json["runs"].elements.reversed()
    }

    /// Waits until the latest run is one that went on from an interrupted one and has ended.
    @discardableResult
    func resumedRun(_ name: String = "crm") async throws -> JSON {
        try await causeway("run", "show", name, "-o", "json") { answer in
            // A second kill may have met the resumed run too; another takes up what that one left.
            answer.json["trigger"].text == "RESUME" && answer.json["endTime"].text != nil
                && answer.json["state"].text != "INTERRUPTED"
        }.json
    }

    func export(_ name: String = "crm", _ entity: String = "profiles") async throws -> String {
        try await causeway("entity", "export", name, entity).output
    }
}

/// Whether all rows that a run read are accounted for.
func isBalanced(_ run: JSON) -> Bool {
    func count(_ name: String) -> Int { run["counters"][name].integer ?? -1 }
    return count("rowsRead")
        == count("rowsNew") + count("rowsUpdated") + count("rowsUnchanged") + count("rowsQuarantined")
}

extension [JSON] {
    /// A counter of all runs together.
    func sum(_ counter: String) -> Int { reduce(0) { $0 + ($1["counters"][counter].integer ?? 0) } }
}
