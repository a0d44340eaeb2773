import CausewayCore
import CausewayTestKit
import Glibc
import Testing

/// What runs say that they did, against what is in the files.
@Suite struct AccountingTests {
    private func expectCounters(
        _ run: JSON, _ expected: [String: Int], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (name, count) in expected {
            #expect(run["counters"][name].integer == count, "\(name)", sourceLocation: sourceLocation)
        }
        #expect(isBalanced(run), sourceLocation: sourceLocation)
    }

    @Test func metadataFetchImportsNothing() async throws {
        let site = try Site()
        try site.write("a.csv", 0..<50)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        let run = try await daemon.causeway("fetch", "crm", "--metadata-only", "-o", "json")
        #expect(run.status == 0)
        #expect(run.json["kind"].text == "METADATA")
        expectCounters(run.json, ["rowsRead": 0, "rowsNew": 0, "rowsQuarantined": 0])
        let fields = try await daemon.causeway("field", "list", "crm", "profiles", "-o", "json")
        #expect(fields.json["fields"].elements.compactMap { $0["apiLabel"].text } == ["id", "name", "note"])
        #expect(try await daemon.causeway("overview", "crm", "-o", "json").json["totalRecords"].integer == 0)
        // The ledger knows nothing of it either: the next fetch reads all.
        let full = try await daemon.causeway("fetch", "crm", "-o", "json")
        expectCounters(full.json, ["filesRead": 1, "filesSkipped": 0, "rowsRead": 50, "rowsNew": 50])
    }

    @Test func secondFetch() async throws {
        let site = try Site()
        let first = try site.write("a.csv", 0..<100, minutesOld: 60)
        try site.write("b.csv", 100..<150, minutesOld: 50)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        let load = try await daemon.causeway("fetch", "crm", "-o", "json")
        expectCounters(load.json, ["filesListed": 2, "filesRead": 2, "rowsRead": 150, "rowsNew": 150])

        let nothing = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(nothing.status == 0)
        expectCounters(nothing.json, ["filesListed": 2, "filesRead": 0, "filesSkipped": 2, "rowsRead": 0])

        // b.csv again: 20 rows as they were, 30 with other content, 10 that were not there.
        var text = ""
        for id in 100..<160 { text += Site.row(id, name: id < 120 || id >= 150 ? "Name" : "Changed") }
        try site.files.write("in/b.csv", Site.header + text)
        site.age("in/b.csv", minutes: 40)
        let update = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(update.status == 0)
        expectCounters(
            update.json,
            [
                "filesRead": 1, "filesSkipped": 1, "rowsRead": 60, "rowsNew": 10, "rowsUpdated": 30,
                "rowsUnchanged": 20, "rowsQuarantined": 0,
            ])
        let records = try await daemon.export().split(separator: "\n").dropFirst().sorted()
        #expect(records == (first + text).split(separator: "\n").sorted())
    }

    @Test func faultyRows() async throws {
        let site = try Site()
        try site.write("a.csv", 0..<100, faulty: [7, 42, 99])
        let daemon = try await DaemonFixture()
        try await site.connect(daemon)
        let run = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(run.status == 3)
        #expect(run.json["state"].text == "PARTIAL")
        expectCounters(run.json, ["rowsRead": 100, "rowsNew": 97, "rowsQuarantined": 3])
        let rows = try await daemon.causeway("quarantine", "list", "crm", "-o", "json").json["quarantinedRows"].elements
        #expect(rows.map { $0["line"].integer } == [101, 44, 9])
        #expect(
            rows.allSatisfy { $0["reason"].text == "TOO_MANY_FIELDS" && $0["source"].text == site.files["in/a.csv"] })
        let exported = try await daemon.causeway("quarantine", "export", "crm")
        #expect(exported.output == "7,too,many,values\n42,too,many,values\n99,too,many,values\n")

        // The file comes again, mended: the same rows are taken, and none is there twice.
        try site.write("a.csv", 0..<100, minutesOld: 30)
        let mended = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(mended.status == 0)
        expectCounters(mended.json, ["rowsRead": 100, "rowsNew": 3, "rowsUnchanged": 97, "rowsQuarantined": 0])
        #expect(try await daemon.export().split(separator: "\n").count == 101)
    }

    @Test func filesAreMovedOnceTheirRowsAreTaken() async throws {
        let site = try Site()
        let archive = try site.files.makeFolder("archive")
        let rows = try site.write("a.csv", 0..<50)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon, entity: ",post_action=move,archive_folder=\(archive)")
        #expect(try await daemon.causeway("fetch", "crm").status == 0)
        #expect(!site.files.has("in/a.csv"))
        #expect(site.files.read("archive/a.csv") == Array((Site.header + rows).utf8))
        // A file of the same name comes later, and finds its name taken in the archive.
        let more = try site.write("a.csv", 50..<80)
        let next = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(next.status == 0)
        expectCounters(next.json, ["filesRead": 1, "rowsNew": 30])
        #expect(!site.files.has("in/a.csv"))
        #expect(site.files.read("archive/a.csv") == Array((Site.header + rows).utf8))
        #expect(try await daemon.export() == Site.header + rows + more)
        #expect(try await daemon.runs().allSatisfy(isBalanced))
    }
}
