import CausewayTestKit
import Testing

/// Files of JSON through the whole daemon.
@Suite struct JSONFileTests {
    @Test func linesWithNestedValues() async throws {
        let site = try Site()
        try site.files.write(
            "in/events.jsonl",
            """
            {"id":"a","user":{"name":"Zoë","tags":["x","y"]},"visits":3}
            {"id":"b","user":{"name":"Ana"},"visits":null,"note":"two\\nlines"}
            [1, 2]
            {"id":"c","visits":4.5}

            """)
        site.age("in/events.jsonl", minutes: 60)
        let daemon = try await DaemonFixture()
        try await site.connect(daemon, entity: ",pattern=*.jsonl")
        let run = try await daemon.causeway("fetch", "crm", "-o", "json")
        #expect(run.status == 3)
        let counters = run.json["counters"]
        #expect(["rowsRead", "rowsNew", "rowsQuarantined"].map { counters[$0].integer } == [4, 3, 1])
        #expect(
            try await daemon.export() == """
                id,user.name,user.tags,visits,note
                a,Zoë,"[""x"",""y""]",3,
                b,Ana,,,"two
                lines"
                c,,,4.5,

                """)
        let types = try await daemon.causeway("field", "list", "crm", "profiles", "-o", "json").json["fields"].elements
        #expect(types.map { $0["type"].text } == ["TEXT", "TEXT", "JSON", "DECIMAL", "TEXT"])
        // Nothing new: the statistics stay what they are when they are counted anew.
        let before = try await daemon.causeway("field", "show", "crm", "profiles", "visits", "-o", "json").json
        #expect(before["valueCount"].integer == 2)
        #expect(try await daemon.causeway("reload", "crm").status == 0)
        let after = try await daemon.causeway("field", "show", "crm", "profiles", "visits", "-o", "json").json
        #expect(after["valueCount"].integer == 2)
        #expect(after["mean"] == before["mean"])
    }
}
