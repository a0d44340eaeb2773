import CausewayMessages
import Testing

@Suite struct RoundTripTests {
    @Test func everyMessageHasItsExamples() {
        #expect(Set(goldenMessages.map(\.name)) == Set(allMessages.map(\.name)))
    }

    @Test func everyMessageComesBackAsGoogleWroteIt() throws {
        for (name, hex) in goldenMessages {
            let type = try #require(messageType(name), "\(name)")
            let bytes = bytes(hex: hex)
            #expect(try again(type, bytes) == bytes, "\(name)")
        }
    }

    @Test func fieldsLandInTheirProperties() throws {
        let run = Run.with {
            $0.name = "connections/crm/runs/12"
            $0.state = .partial
            $0.startTime = .with {
                $0.seconds = 1_767_225_600
                $0.nanos = 5
            }
            $0.counters = .with { $0.rowsRead = 300 }
        }
        let expected =
            field(1, Array("connections/crm/runs/12".utf8)) + [4 << 3, 4]
            + field(6, [1 << 3] + varint(1_767_225_600) + [2 << 3, 5])
            + field(8, [8 << 3] + varint(300))
        #expect(try run.encoded() == expected)
        #expect(try Run(decoding: expected) == run)
    }

    @Test func mapsAreWrittenInTheOrderOfTheirKeys() throws {
        var entry = LogEntry()
        for number in (0..<100).shuffled() { entry.fields["key \(number)"] = "\(number)" }
        let bytes = try entry.encoded()
        for _ in 0..<20 {
            var other = LogEntry()
            for (key, value) in entry.fields.shuffled() { other.fields[key] = value }
            #expect(try other.encoded() == bytes)
        }
        #expect(try LogEntry(decoding: bytes) == entry)
    }

    @Test func theLastOfTwoMapEntriesCounts() throws {
        func entry(_ value: String) -> [UInt8] { field(4, field(1, [0x61]) + field(2, Array(value.utf8))) }
        let read = try LogEntry(decoding: entry("first") + entry("second") + field(4, []))
        #expect(read.fields == ["a": "second", "": ""])
    }

    @Test func absentAndEmptyDiffer() throws {
        var value = Value()
        #expect(try value.encoded() == [])
        value.text = ""
        #expect(try value.encoded() == [0x0a, 0])
        #expect(try Value(decoding: [0x0a, 0]).text == "")
        #expect(try Value(decoding: []).text == nil)
        #expect(try Run(decoding: field(8, [])).counters == RunCounters())
        #expect(try Run(decoding: []).counters == nil)
    }

    @Test func theLastMemberOfAOneofCounts() throws {
        let read = try SettingValue(decoding: field(1, [0x61]) + [2 << 3, 7])
        #expect(read.kind == .integer(7))
        #expect(
            try SettingValue(decoding: [2 << 3, 7] + field(4, field(1, [0x62]))).kind
                == .texts(.with { $0.values = ["b"] }))
    }

    @Test func whatANewerPeerAddsIsLeftOut() throws {
        let newer =
            field(1, Array("r".utf8)) + field(5000, [1, 2, 3]) + varint(5001 << 3) + varint(.max) + [4 << 3]
            + varint(77)
        let run = try Run(decoding: newer)
        #expect(run.name == "r")
        #expect(run.state.rawValue == 77)
        #expect(!run.state.isKnown)
        #expect("\(run.state)" == "77")
        #expect(try run.encoded() == field(1, Array("r".utf8)) + [4 << 3, 77])
        #expect(try Frame(decoding: field(900, field(1, [1]))).body == nil)
    }

    @Test func enumNumbersKeepTheirSign() throws {
        let run = Run.with { $0.state = Run.State(rawValue: -1) }
        #expect(try Run(decoding: run.encoded()).state.rawValue == -1)
        #expect(Run.State.allCases.map(\.description).last == "INTERRUPTED")
    }

    @Test func bytesAreNotShown() {
        let end = End.with {
            $0.response = Array("hunter2".utf8)
            $0.message = "visible"
        }
        #expect("\(end)".contains("<7 bytes>"))
        #expect("\(end)".contains("visible"))
        let connect = CreateConnectionRequest.with { $0.credentials = ["password": Array("hunter2".utf8)] }
        for text in ["\(connect)", String(reflecting: connect), "\([connect])", "\(Optional(connect) as Any)"] {
            #expect(text.contains("password: <7 bytes>"))
            #expect(!text.contains("104, 117"))
        }
    }
}
