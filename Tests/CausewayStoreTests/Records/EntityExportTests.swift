import CausewayCore
import CausewayMessages
import Testing

@testable import CausewayStore

@Suite struct EntityExportTests {
    @Test func writesCSVAsRFC4180() async throws {
        var fixture = EntityFixture()
        try await fixture.take(
            ["id", "a,b", "c"],
            [["1", "x,y", "say \"hi\""], ["2", "line\nbreak", "\r"], ["3", "", nil], ["4", " space ", "é"]], key: ["id"]
        )
        #expect(
            try fixture.export() == """
                id,"a,b",c
                1,"x,y","say ""hi\"""
                2,"line
                break","\r"
                3,"",
                4, space ,é

                """)
    }

    @Test func writesJSONLines() async throws {
        var fixture = EntityFixture()
        try await fixture.take(["id", "say \"x\""], [["1", "a\\b\"\n\r\t\u{1}é"], ["2", nil]], key: ["id"])
        #expect(
            try fixture.export(.jsonLines) == #"""
                {"id":"1","say \"x\"":"a\\b\"\n\r\t\u0001é"}
                {"id":"2","say \"x\"":null}

                """#)
    }

    @Test func leavesOutSensitiveValues() async throws {
        var fixture = EntityFixture()
        try await fixture.take(["id", "pin", "v"], [["1", "0000", "a"], ["2", nil, ""]], key: ["id"])
        let index = try #require(fixture.state.fields.firstIndex { $0.stored.apiLabel == "pin" })
        fixture.state.fields[index].stored.sensitive = true
        func export(_ format: ExportFormat, hiding: Bool) throws -> String {
            var export = try fixture.store.read {
                try EntityExport(fixture.state, format, hidesSensitive: hiding, in: $0)
            }
            return String(decoding: try export.next(reading: fixture.store) ?? [], as: UTF8.self)
        }
        #expect(try export(.csv, hiding: true) == "id,pin,v\n1,,a\n2,,\"\"\n")
        #expect(try export(.csv, hiding: false) == "id,pin,v\n1,0000,a\n2,,\"\"\n")
        let lines = try export(.jsonLines, hiding: true)
        #expect(lines.hasPrefix(#"{"id":"1","pin":null,"v":"a"}"#))
    }

    /// Columns long enough that blocks of bytes are looked at, with values that need care, nulls and empty texts.
    @Test(arguments: 0..<6)
    func writesAnyTexts(_ seed: UInt64) async throws {
        var random = RowRandom(seed)
        let parts = [
            "a", "b c", ",", "\"", "\n", "\r", "\t", "\\", "é", "\u{1F}", "12", "/", String(repeating: "x", count: 90),
        ]
        var fixture = EntityFixture()
        let care = (0..<4).map { _ in random.below(20) }
        let rows = (0..<700).map { row in
            [String(row)]
                + care.map { care -> String? in
                    if random.chance(10) { return random.chance(50) ? nil : "" }
                    let range = random.chance(care) ? parts.count : 2
                    return (0..<1 + random.below(6)).map { _ in parts[random.below(range)] }.joined()
                }
        }
        try await fixture.take(["id", "a", "b,b", "c", "d"], rows, key: ["id"])
        var model = EntityModel(key: ["id"])
        model.take(["id", "a", "b,b", "c", "d"], rows)
        #expect(try fixture.export(piece: 1 + random.below(5_000)) == model.csv())
        let lines = rows.map { row in
            let values = zip(["id", "a", "b,b", "c", "d"], row).map { "\"\($0)\":" + ($1.map(json) ?? "null") }
            return "{" + values.joined(separator: ",") + "}\n"
        }
        #expect(try fixture.export(.jsonLines) == lines.joined())
    }

    private func json(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\" + String(scalar)
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{1F}": out += "\\u001f"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    @Test func isOfTheMomentItWasMade() async throws {
        var fixture = EntityFixture()
        let rows = (0..<6_000).map { ["\($0)", "old"] }
        try await fixture.take(["id", "v"], rows, key: ["id"])
        let before = try fixture.export()
        var export = try fixture.store.read { try EntityExport(fixture.state, .csv, in: $0) }
        var bytes = try export.next(reading: fixture.store, size: 1_000) ?? []
        #expect(bytes.count < 1_100)
        try await fixture.take(["id", "v"], rows.map { [$0[0], "new"] })
        while let piece = try export.next(reading: fixture.store) { bytes += piece }
        #expect(String(decoding: bytes, as: UTF8.self) == before)
        #expect(export.recordCount == 6_000)
    }

    @Test func saysThatItWasOvertaken() async throws {
        var fixture = EntityFixture()
        try await fixture.take(["id"], [["1"]], key: ["id"])
        var export = try fixture.store.read { try EntityExport(fixture.state, .csv, in: $0) }
        try await fixture.store.commit(
            CommitUnit(fixture.ownership, [.delete(.segments, key: SegmentTable.key(testShard, 1, 1))]))
        #expect {
            while try export.next(reading: fixture.store) != nil {}
        } throws: { ($0 as? CausewayError)?.reason == "EXPORT_OVERTAKEN" }
    }

    @Test func anEmptyEntityHasAHeaderOnly() throws {
        var fixture = EntityFixture()
        #expect(try fixture.export().isEmpty)
        #expect(try fixture.export(.jsonLines).isEmpty)
        fixture.state = try SchemaUpdate.takingUp(
            [ObservedColumn(label: "a", type: nil), ObservedColumn(label: "b", type: nil)], into: fixture.state,
            now: fixture.now
        ).state
        #expect(try fixture.export() == "a,b\n")
        #expect(try fixture.latest().isEmpty)
    }

    @Test(arguments: ["", "1", "1.", ".1", "1.2.3", "x.1", "1.65536", "-1.0"])
    func placesAreReadOrRefused(_ text: String) {
        #expect(RecordPlace(text: text) == nil)
        let place = RecordPlace(segment: 12, slot: 345)
        #expect(RecordPlace(text: place.text) == place)
    }
}
