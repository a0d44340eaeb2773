import CausewayCore
import CausewayTestKit
import Glibc
import Testing

/// What people see of their data, and what they change of its metadata.
@Suite struct OverviewTests {
    @Test func sensitiveValuesAreMasked() async throws {
        let site = try Site()
        let rows = try site.write("a.csv", 0..<50)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        let edit = try await daemon.causeway(
            "field", "edit", "crm", "profiles", "name", "--sensitive", "--display-name", "Who", "-o", "json")
        #expect(edit.json["sensitive"] == .boolean(true))
        #expect(edit.json["displayName"].text == "Who")

        let records = try await daemon.causeway("entity", "records", "crm", "profiles", "--limit", "3", "-o", "json")
        #expect(records.json["records"].elements.count == 3)
        for record in records.json["records"].elements {
            #expect(record["values"]["name"] == .null)
            #expect(record["masked"].elements.compactMap(\.text) == ["name"])
            #expect(record["values"]["id"].text != nil)
        }
        for command in ["list", "show"] {
            let name = command == "show" ? ["name"] : []
            let shown = try await daemon.causeway(["field", command, "crm", "profiles"] + name + ["-o", "json"])
            #expect(shown.status == 0)
            #expect(!shown.output.contains("Name 7"))
        }
        let masked = try await daemon.export()
        #expect(masked.split(separator: "\n").count == 51)
        #expect(!masked.contains("Name"))
        let revealed = try await daemon.causeway("entity", "export", "crm", "profiles", "--reveal-sensitive")
        #expect(revealed.output == Site.header + rows)

        // A fetch leaves what people say as it is, and the history shows it.
        #expect(try await daemon.causeway("fetch", "crm", "--again").status == 0)
        let field = try await daemon.causeway("field", "show", "crm", "profiles", "name", "-o", "json")
        #expect(field.json["sensitive"] == .boolean(true))
        #expect(field.json["displayName"].text == "Who")
        let history = try await daemon.causeway("entity", "history", "crm", "profiles", "-o", "json")
        let latest = history.json["changes"][0]["fields"].elements
        #expect(latest.map { $0["kind"].text } == ["EDITED", "EDITED"])
        #expect(history.json["changes"].elements.last?["fields"][0]["kind"].text == "ADDED")
    }

    /// Whoever may only look does not see sensitive values by asking for them.
    @Test(.enabled(if: TestUser.isPossible))
    func onlyAnAdminRevealsThem() async throws {
        let site = try Site()
        try site.write("a.csv", 0..<5)
        try site.files.write("in/b.csv", Site.header + "broken,Name\n")
        let user = try TestUser()
        let daemon = try await DaemonFixture(["--socket-mode", "0666", "--viewers", "user:\(user.name)"])
        chmod(daemon.scratch.path, 0o755)
        try await site.connect(daemon)
        #expect(try await daemon.causeway("fetch", "crm").status == 3)
        #expect(try await daemon.causeway("quarantine", "export", "crm").output == "broken,Name\n")
        #expect(try await daemon.causeway("field", "edit", "crm", "profiles", "name", "--sensitive").status == 0)
        #expect(try await daemon.causeway("quarantine", "export", "crm").output.isEmpty)
        let raw = try await daemon.causeway("quarantine", "export", "crm", "--reveal-sensitive")
        #expect(raw.output == "broken,Name\n")
        // The build's folder may be closed to others.
        let path = daemon.scratch["causeway"]
        try Command.run(["cp", "\(Program.folder)/causeway", path])
        let export = ["entity", "export", "crm", "profiles"]
        for (tag, arguments, status) in [
            ("masked", export, 0), ("revealed", export + ["--reveal-sensitive"], 77),
            ("row", ["quarantine", "show", "crm", "1"], 0),
            ("raw", ["quarantine", "show", "crm", "1", "--reveal-sensitive"], 77),
            ("raws", ["quarantine", "export", "crm", "--reveal-sensitive"], 77),
            ("edited", ["field", "edit", "crm", "profiles", "name", "--no-sensitive"], 77),
        ] as [(String, [String], Int32)] {
            let viewer = try Program(
                "/usr/bin/setpriv",
                ["--reuid", user.name, "--regid", user.name, "--clear-groups", path] + arguments,
                environment: ["CAUSEWAY_SOCKET": daemon.socket], in: daemon.scratch, tag: tag)
            #expect(await viewer.wait() == status, "\(tag)")
            let output = String(decoding: daemon.scratch.read("\(tag).out") ?? [], as: UTF8.self)
            #expect(!output.contains("Name"))
            #expect(output.isEmpty == (status != 0))
        }
    }

    @Test func whatCannotBeEditedIsSaid() async throws {
        let site = try Site()
        try site.write("a.csv", 0..<5)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        #expect(try await daemon.causeway("field", "edit", "crm", "profiles", "nobody", "--required").status == 66)
        let name = String(repeating: "x", count: 201)
        #expect(
            try await daemon.causeway("entity", "edit", "crm", "profiles", "--display-name", name).status == 65)
        #expect(try await daemon.causeway("reload", "crm", "nothing").status == 66)
        #expect(try await daemon.causeway("admin", "settings", "set", "--run-days", "99999999").status == 65)
        let kept = try await daemon.causeway("admin", "settings", "set", "--log-days", "7", "-o", "json")
        #expect(kept.json["retention"]["logDays"].integer == 7)
        let both = try await daemon.causeway("admin", "settings", "set", "--run-days", "forever", "-o", "json")
        #expect(both.json["retention"]["logDays"].integer == 7)
        #expect(both.json["retention"]["runDays"].integer == -1)
    }

    @Test func dataIsDeletedAndFetchedAgain() async throws {
        let site = try Site()
        let rows = try site.write("a.csv", 0..<50)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        let deleted = try await daemon.causeway(
            "entity", "delete-data", "crm", "profiles", "--yes", "-o", "json")
        #expect(deleted.json["deletedRecords"].integer == 50)
        #expect(try await daemon.causeway("overview", "crm", "-o", "json").json["totalRecords"].integer == 0)
        #expect(try await daemon.causeway("fetch", "crm", "--again").status == 0)
        #expect(try await daemon.export() == Site.header + rows)
        let overviews = try await daemon.causeway("overview", "-o", "json")
        #expect(overviews.json["overviews"][0]["totalRecords"].integer == 50)
        let store = try await daemon.causeway("admin", "store", "-o", "json")
        #expect(store.json["connections"][0]["connection"].text == "connections/crm")
        #expect((store.json["connections"][0]["recordBytes"].integer ?? 0) > 0)
    }

    @Test func countingAnewChangesNoNumber() async throws {
        let site = try Site()
        try site.write("a.csv", 0..<500)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        try site.write("a.csv", 250..<750, rowName: "Other", minutesOld: 30)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        /// Figures of the entity and of its fields, without the moments that they are of.
        func figures() async throws -> [JSON] {
            var found = [try await daemon.causeway("entity", "show", "crm", "profiles", "-o", "json").json]
            for name in ["id", "name", "note"] {
                found.append(try await daemon.causeway("field", "show", "crm", "profiles", name, "-o", "json").json)
            }
            return found.map { document in
                guard case .object(var members) = document else { return document }
                members["statisticsTime"] = nil
                members["reloadTime"] = nil
                if case .array = members["fields"] { members["fields"] = nil }
                return .object(members)
            }
        }
        let before = try await figures()
        #expect(before[0]["recordCount"].integer == 750)
        #expect(before[0]["qualityVersion"].integer == 1)
        #expect(before[1]["distinctCount"].integer == 750)
        #expect(before[1]["minimum"]["text"].text == "0")
        #expect(before[1]["maximum"]["text"].text == "749")
        #expect(before[3]["topValues"][0]["count"].integer == 750)
        #expect(try await daemon.causeway("reload", "crm").status == 0)
        #expect(try await figures() == before)
        let shown = try await daemon.causeway("entity", "show", "crm", "profiles", "-o", "json").json
        #expect(shown["reloadTime"].text != nil)
        #expect(shown["reloadTime"].text == shown["statisticsTime"].text)
        #expect(try await daemon.causeway("run", "show", "crm", "-o", "json").json["kind"].text == "STATISTICS")
    }

    @Test func watchingEndsCleanly() async throws {
        let daemon = try await DaemonFixture()
        let program = try Program(
            "causeway", ["overview", "--watch", "--every", "100ms", "-o", "json"],
            environment: ["CAUSEWAY_SOCKET": daemon.socket], in: daemon.scratch, tag: "watch")
        func lines() -> Int { (daemon.scratch.read("watch.out") ?? []).count { $0 == UInt8(ascii: "\n") } }
        while lines() < 3, program.poll() == nil { await Program.offPool { _ = usleep(20_000) } }
        Glibc.kill(program.pid, SIGINT)
        #expect(await program.wait() == 0)
        #expect(lines() >= 3)
    }
}
