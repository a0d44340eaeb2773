import CausewayTestKit
import Testing

/// Columns that come, go and change: what the policy makes of them, what the history says, and what people said about
/// fields before.
@Suite struct DriftTests {
    private func write(_ site: Site, _ name: String, _ text: String, minutes: Int) throws {
        try site.files.write("in/\(name)", text)
        site.age("in/\(name)", minutes: minutes)
    }

    private func history(_ daemon: DaemonFixture) async throws -> [[String]] {
        try await daemon.causeway("entity", "history", "crm", "profiles", "-o", "json").json["changes"].elements.map {
            $0["fields"].elements.map { field in
                ["kind", "apiLabel", "before", "after"].compactMap { field[$0].text }.joined(separator: " ")
            }
        }
    }

    @Test func filesAreHeldUntilSomebodyDecides() async throws {
        let site = try Site()
        try write(site, "a.csv", "id,v\n1,2\n", minutes: 60)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon, entity: ",schema_policy=hold")
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        try write(site, "b.csv", "id,v,w\n2,3,4\n", minutes: 50)
        try write(site, "c.csv", "id,v\n3,wide\n", minutes: 40)
        try write(site, "d.csv", "id,v\n4,5\n", minutes: 30)
        let held = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(held.status == 3)
        #expect(held.json["state"].text == "PARTIAL")
        #expect(["filesHeld", "filesRead", "rowsNew"].map { held.json["counters"][$0].integer } == [2, 1, 1])
        let log = try await daemon.causeway("run", "log", "crm").output
        #expect(log.contains("new columns: w"))
        #expect(log.contains("b.csv"))
        #expect(try await daemon.export() == "id,v\n1,2\n4,5\n")
        #expect(try await history(daemon).count == 1)
        // They stay held, and are taken once somebody says so.
        let again = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(again.json["counters"]["filesHeld"].integer == 2)
        #expect(try await daemon.causeway("edit", "crm", "--entity", "profiles:schema_policy=accept").status == 0)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        #expect(try await daemon.export() == "id,v,w\n1,2,\n4,5,\n2,3,4\n3,wide,\n")
        let latest = try #require(try await history(daemon).first)
        #expect(latest.contains("ADDED w integer") || latest.contains("ADDED w INTEGER"))
        #expect(latest.contains { $0.hasPrefix("WIDENED v ") })
    }

    @Test func theRunFails() async throws {
        let site = try Site()
        try write(site, "a.csv", "id,v\n1,2\n", minutes: 60)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon, entity: ",schema_policy=fail")
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        try write(site, "b.csv", "id,v,w\n2,3,4\n", minutes: 50)
        let failed = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(failed.status == 4)
        #expect(failed.reason == "SCHEMA_CHANGED")
        #expect(failed.error["message"].text?.contains("new columns: w") == true)
        #expect(try await daemon.export() == "id,v\n1,2\n")
        // Nothing was changed by it: the file is read whole once its columns are wanted.
        #expect(try await daemon.causeway("edit", "crm", "--entity", "profiles:schema_policy=accept").status == 0)
        let taken = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(["filesRead", "rowsNew"].map { taken.json["counters"][$0].integer } == [1, 1])
        #expect(try await daemon.export() == "id,v,w\n1,2,\n2,3,4\n")
    }

    @Test func whatPeopleSaySurvivesMetadataFetches() async throws {
        let site = try Site()
        try write(site, "a.csv", "id,v,gone\n1,2,x\n", minutes: 60)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        for (field, flags) in [
            ("v", ["--display-name", "Value", "--required", "--read-only"]), ("gone", ["--display-name", "Old"]),
        ] {
            #expect(try await daemon.causeway(["field", "edit", "crm", "profiles", field] + flags).status == 0)
        }
        #expect(
            try await daemon.causeway("entity", "edit", "crm", "profiles", "--display-name", "Customers").status == 0)
        let edits = try await history(daemon)
        #expect(
            edits.map { $0.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } }.prefix(2) == [
                ["EDITED gone"], ["EDITED v", "EDITED v", "EDITED v"],
            ])

        // The same field with a wider type, one that has gone, one that is new; and the daemon is killed in between.
        try write(site, "a.csv", "id,v,new\n1,2.5,y\n", minutes: 30)
        daemon.kill()
        try await daemon.start()
        #expect(try await daemon.causeway("fetch", "crm", "--metadata-only").status == 0)
        let entity = try await daemon.causeway("entity", "show", "crm", "profiles", "-o", "json").json
        #expect(entity["displayName"].text == "Customers")
        let fields = Dictionary(
            uniqueKeysWithValues: entity["fields"].elements.map { ($0["apiLabel"].text ?? "", $0) })
        let v = try #require(fields["v"])
        #expect(v["displayName"].text == "Value")
        #expect(v["required"] == .boolean(true))
        #expect(v["readOnly"] == .boolean(true))
        #expect(v["type"].text == "DECIMAL")
        // The start of one file does not say that a field is nowhere.
        #expect(fields["gone"]?["missing"] == .boolean(false))
        #expect(fields["gone"]?["displayName"].text == "Old")
        #expect(fields["new"]?["displayName"].text == "new")
        #expect(entity["recordCount"].integer == 1)
        let latest = try #require(try await history(daemon).first)
        #expect(Set(latest.compactMap { $0.split(separator: " ").first }) == ["ADDED", "WIDENED"])

        // A whole fetch does; what was said stays.
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        let gone = try await daemon.causeway("field", "show", "crm", "profiles", "gone", "-o", "json").json
        #expect(gone["missing"] == .boolean(true))
        #expect(gone["displayName"].text == "Old")
        #expect(try await history(daemon).first == ["MISSING gone"])
        let page = try await daemon.causeway("entity", "history", "crm", "profiles").output
        for word in ["widened", "missing", "edited", "run 2"] { #expect(page.contains(word), "\(word)") }
    }
}
