import CausewayCore
import CausewayTestKit
import Glibc
import Testing

/// A connection's life but for its runs.
@Suite struct ManagementTests {
    @Test func pauseAndResume() async throws {
        let site = try Site()
        try site.write("a.csv", 0..<50)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        func state() async throws -> String? {
            try await daemon.causeway("show", "crm", "-o", "json").json["status"]["state"].text
        }
        #expect(try await state() == "ACTIVE")
        #expect(try await daemon.causeway("pause", "crm").status == 0)
        #expect(try await state() == "PAUSED")
        // Paused is kept.
        await daemon.stop()
        try await daemon.start()
        #expect(try await state() == "PAUSED")
        // Only the schedule is held.
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        #expect(try await daemon.causeway("resume", "crm").status == 0)
        #expect(try await state() == "ACTIVE")
    }

    @Test func schedule() async throws {
        let site = try Site()
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        #expect(try await daemon.causeway("schedule", "set", "crm", "every", "1m").status == 0)
        let explained = try await daemon.causeway("schedule", "explain", "crm", "--count", "3", "-o", "json").json
        #expect(explained["summary"].text?.contains("1m") == true)
        let slots = explained["firings"].elements.compactMap { $0["time"].text }
        #expect(slots.count == 3 && Set(slots).count == 3)
        // The anchor is kept, so a restart moves no slot.
        await daemon.stop()
        try await daemon.start()
        let again = try await daemon.causeway("schedule", "explain", "crm", "--count", "2", "-o", "json").json
        #expect(
            again["firings"].elements.compactMap { $0["time"].text }.allSatisfy {
                Set(slots).contains($0) || $0 > slots[0]
            })

        let daily = try await daemon.causeway(
            "schedule", "explain", "crm", "--count", "2", "-o", "json", "daily", "02:30", "Europe/Paris")
        #expect(daily.status == 0)
        #expect(daily.json["firings"].elements.count == 2)
        let kept = try await daemon.causeway("show", "crm", "-o", "json").json["spec"]["schedule"]["when"].text
        #expect(kept == "every 1m")
        #expect(try await daemon.causeway("schedule", "set", "crm", "every", "30s").status == 64)
        #expect(try await daemon.causeway("schedule", "set", "crm", "daily", "02:30", "Mars/Olympus").status == 65)
    }

    @Test func applyingWhatIsShownChangesNothing() async throws {
        let site = try Site()
        try site.write("a.csv", 0..<50)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        try await daemon.causeway("schedule", "set", "crm", "daily", "02:30", "Europe/Paris")
        let document = try await daemon.causeway("show", "crm", "--json").output
        let before = try await daemon.causeway("show", "crm", "-o", "json").output
        #expect(try await daemon.causeway(["apply", "-f", "-"], input: document).status == 0)
        #expect(try await daemon.causeway("show", "crm", "-o", "json").output == before)
        // A document that differs does change something, and the credentials stay.
        let changed = document.replacing("daily 02:30 Europe/Paris", with: "every 6h")
        #expect(try await daemon.causeway(["apply", "-f", "-"], input: changed).status == 0)
        #expect(try await daemon.causeway("show", "crm", "--json").output == changed)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
    }

    @Test func editAndDelete() async throws {
        let site = try Site()
        let rows = try site.write("a.txt", 0..<50)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        #expect(try await daemon.causeway("fetch", "crm", "-o", "json").json["counters"]["filesListed"].integer == 0)
        #expect(try await daemon.causeway("edit", "crm", "--entity", "profiles:pattern=*.txt").status == 0)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        #expect(try await daemon.export() == Site.header + rows)
        #expect(try await daemon.causeway("edit", "crm", "--set", "port=seventy").status == 65)
        #expect(try await daemon.causeway("edit", "crm", "--set", "colour=red").status == 65)

        // The name is taken, until it is not.
        let taken = try await daemon.causeway(site.flags())
        #expect(taken.status == 73)
        #expect(taken.reason == "CONNECTION_EXISTS")
        #expect(try await daemon.causeway("delete", "crm").status == 64)
        #expect(try await daemon.causeway("delete", "crm", "--yes").status == 0)
        #expect(try await daemon.causeway("show", "crm").status == 66)
        try await site.connect(daemon)
        #expect(try await daemon.runs().isEmpty)
        #expect(try await daemon.causeway("overview", "crm", "-o", "json").json["totalRecords"].integer == 0)
        // Its successor knows nothing of the files that were read.
        #expect(try await daemon.causeway("edit", "crm", "--entity", "profiles:pattern=*.txt").status == 0)
        #expect(try await daemon.causeway("fetch", "crm", "-o", "json").json["counters"]["rowsNew"].integer == 50)
    }

    @Test func secondDaemonIsRefused() async throws {
        let daemon = try await DaemonFixture()
        let folder = daemon.storePath.replacing("/store", with: "")
        let second = try Program(
            "causewayd", ["--state-directory", folder, "--socket", daemon.scratch["other.sock"]], environment: [:],
            in: daemon.scratch, tag: "second")
        #expect(await second.wait() != 0)
        let complaint = String(decoding: daemon.scratch.read("second.err") ?? [], as: UTF8.self)
        #expect(complaint.contains("STORE_IN_USE"))
        #expect(try await daemon.causeway("admin", "health").status == 0)
    }

    /// Whoever has no role is told so, even where the file's rights let him in.
    @Test(.enabled(if: TestUser.isPossible))
    func otherUserIsRefused() async throws {
        let user = try TestUser()
        for (mode, reason) in [("0600", "SOCKET_FORBIDDEN"), ("0666", "NO_ROLE")] {
            let daemon = try await DaemonFixture(["--socket-mode", mode])
            chmod(daemon.scratch.path, 0o755)
            let path = daemon.scratch["causeway"]
            // The build's folder may be closed to others.
            try Command.run(["cp", "\(Program.folder)/causeway", path])
            let stranger = try Program(
                "/usr/bin/setpriv",
                ["--reuid", user.name, "--regid", user.name, "--clear-groups", path, "list", "-o", "json"],
                environment: ["CAUSEWAY_SOCKET": daemon.socket], in: daemon.scratch, tag: "stranger")
            #expect(await stranger.wait() == 77)
            let complaint = String(decoding: daemon.scratch.read("stranger.err") ?? [], as: UTF8.self)
            #expect(JSON(text: complaint)?["error"]["reason"].text == reason)
            #expect(try await daemon.causeway("list").status == 0)
        }
    }
}
