import CausewayTestKit
import Testing

/// Rows that were not taken: looked at, tried again by other settings, dropped, and how many may be.
@Suite struct QuarantineTests {
    private func rows(_ daemon: DaemonFixture, _ flags: String...) async throws -> [JSON] {
        try await daemon.causeway(["quarantine", "list", "crm", "-o", "json"] + flags).json["quarantinedRows"].elements
    }

    private func id(_ row: JSON) -> String {
        row["name"].text?.split(separator: "/").last.map { String($0) } ?? ""
    }

    private func write(_ site: Site, _ name: String, _ rows: String, minutes: Int) throws {
        try site.files.write("in/\(name)", Site.header + rows)
        site.age("in/\(name)", minutes: minutes)
    }

    @Test func settingsAreMendedAndRowsRetried() async throws {
        let site = try Site()
        try write(site, "a.csv", "1,Ana,x\n2,Zoë\n,Nobody,y\n3,Ina,z\n", minutes: 60)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        #expect(try await daemon.causeway("fetch", "crm").status == 3)
        try write(site, "b.csv", "4\n5,Uwe,q\n", minutes: 50)
        #expect(try await daemon.causeway("fetch", "crm").status == 3)

        // By run, and each with what stood in the file.
        #expect(
            try await rows(daemon).map { $0["reason"].text } == [
                "TOO_FEW_FIELDS", "EMPTY_PRIMARY_KEY", "TOO_FEW_FIELDS",
            ])
        #expect(try await rows(daemon, "--run", "2").map { $0["source"].text } == [site.files["in/b.csv"]])
        let first = try #require(try await rows(daemon, "--run", "1").last)
        let shown = try await daemon.causeway("quarantine", "show", "crm", id(first), "-o", "json").json
        #expect(shown["rawText"].text == "2,Zoë")
        #expect(shown["reason"].text == "TOO_FEW_FIELDS")
        #expect(shown["line"].integer == 3)
        #expect(shown["run"].text == "connections/crm/runs/1")
        let page = try await daemon.causeway("quarantine", "show", "crm", id(first))
        #expect(page.output.contains("As it stood in the file"))
        #expect(page.output.contains("2,Zoë"))

        // The same settings come to the same end.
        let same = try await daemon.causeway("quarantine", "retry", "crm", "-o", "json")
        #expect(same.status == 3)
        #expect(same.json["kind"].text == "QUARANTINE_RETRY")
        #expect(same.json["counters"]["rowsRead"].integer == 3)
        #expect(same.json["counters"]["rowsQuarantined"].integer == 3)

        #expect(try await daemon.causeway("edit", "crm", "--entity", "profiles:ragged_rows=pad").status == 0)
        let one = try await daemon.causeway("quarantine", "retry", "crm", "--row", id(first), "-o", "json")
        #expect(one.status == 0)
        #expect(one.json["counters"]["rowsNew"].integer == 1)
        let second = try await daemon.causeway("quarantine", "retry", "crm", "--run", "2", "-o", "json")
        #expect(second.json["counters"]["rowsNew"].integer == 1)
        let left = try await rows(daemon)
        #expect(left.map { $0["reason"].text } == ["EMPTY_PRIMARY_KEY"])
        let expected = Site.header + "1,Ana,x\n3,Ina,z\n5,Uwe,q\n2,Zoë,\n4,,\n"
        #expect(try await daemon.export() == expected)
        // What was taken late is known to come from its file and row.
        let records = try await daemon.causeway(
            "entity", "records", "crm", "profiles", "--limit", "1", "--why", "-o", "json")
        #expect(records.json["records"][0]["source"].text == site.files["in/b.csv"])
        #expect(records.json["records"][0]["sourceRow"].integer == 1)
        #expect(try await daemon.causeway("quarantine", "retry", "crm", "--row", id(first)).status == 66)

        #expect(try await daemon.causeway("quarantine", "drop", "crm", "--all").status == 64)
        let dropped = try await daemon.causeway("quarantine", "drop", "crm", "--row", id(left[0]), "-o", "json")
        #expect(dropped.status == 64)
        let last = try await daemon.causeway("quarantine", "drop", "crm", "--row", id(left[0]), "--yes", "-o", "json")
        #expect(last.json["droppedRows"].integer == 1)
        #expect(try await rows(daemon).isEmpty)
        let entity = try await daemon.causeway("entity", "show", "crm", "profiles", "-o", "json").json
        #expect(entity["quarantinedRows"].integer == 0)
        #expect(entity["recordCount"].integer == 5)
        #expect(try await daemon.runs().allSatisfy(isBalanced))
    }

    @Test func rowsOfJSONAreRetried() async throws {
        let site = try Site()
        // More fields than an entity may have, unless the object stays one.
        let wide = (0..<4_200).map { "\"k\($0)\":1" }.joined(separator: ",")
        try site.files.write("in/a.jsonl", "{\"id\":1,\"v\":\"a\"}\n{\"id\":2,\"o\":{\(wide)}}\n{\"v\":3}\n{\"id\":4\n")
        site.age("in/a.jsonl", minutes: 60)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon, entity: ",pattern=*.jsonl")
        #expect(try await daemon.causeway("fetch", "crm").status == 3)
        let reasons = ["INVALID_JSON", "EMPTY_PRIMARY_KEY", "TOO_MANY_FIELDS"]
        #expect(try await rows(daemon).map { $0["reason"].text } == reasons)
        #expect(try await daemon.causeway("edit", "crm", "--entity", "profiles:nested=json").status == 0)
        let run = try await daemon.causeway("quarantine", "retry", "crm", "-o", "json")
        #expect(run.status == 3)
        #expect(["rowsRead", "rowsNew", "rowsQuarantined"].map { run.json["counters"][$0].integer } == [3, 1, 2])
        let quoted = "\"{\(wide.replacing("\"", with: "\"\""))}\""
        #expect(try await daemon.export() == "id,v,o\n1,a,\n2,,\(quoted)\n")
        #expect(try await rows(daemon).map { $0["reason"].text } == Array(reasons.prefix(2)))
        let field = try await daemon.causeway("field", "show", "crm", "profiles", "o", "-o", "json").json
        #expect(field["type"].text == "JSON")
        #expect(field["valueCount"].integer == 1)
    }

    @Test(arguments: ["max_quarantined_rows=2", "max_quarantined_percent=20"])
    func tooManyFailTheRun(_ threshold: String) async throws {
        let site = try Site()
        try site.write("a.csv", 0..<10, faulty: [3, 7])
        let daemon = try await DaemonFixture()
        try await site.connect(daemon, entity: ",\(threshold)")
        #expect(try await daemon.causeway("fetch", "crm").status == 3)
        try site.write("b.csv", 10..<20, faulty: [11, 12, 13], minutesOld: 50)
        let run = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(run.status == 4)
        #expect(run.json["state"].text == "FAILED")
        #expect(run.reason == "QUARANTINE_THRESHOLD_EXCEEDED")
        // The rows that are right are there all the same, and the others can be looked at.
        #expect(isBalanced(run.json))
        #expect(try await rows(daemon, "--run", "2").count == run.json["counters"]["rowsQuarantined"].integer)
    }
}
