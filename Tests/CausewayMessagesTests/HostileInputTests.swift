import CausewayMessages
import Testing

@Suite struct HostileInputTests {
    /// No bytes may end the process; what can be read must be readable again once written.
    private func probe(_ type: any ProtobufMessage.Type, _ bytes: [UInt8]) throws -> Bool {
        guard let written = try? again(type, bytes) else { return false }
        #expect(try again(type, written) == written)
        return true
    }

    @Test func everyPrefixOfEveryMessage() throws {
        for (name, hex) in goldenMessages {
            let type = try #require(messageType(name))
            let whole = bytes(hex: hex)
            for end in whole.indices { _ = try probe(type, Array(whole[..<end])) }
        }
    }

    @Test func everyByteOfEveryMessageChanged() throws {
        for (name, hex) in goldenMessages {
            let type = try #require(messageType(name))
            let whole = bytes(hex: hex)
            for position in whole.indices {
                for change: UInt8 in [0x01, 0x84] {
                    var changed = whole
                    changed[position] ^= change
                    _ = try probe(type, changed)
                }
            }
        }
    }

    @Test(
        arguments: [
            [0x0b], [0x0c], [0x0e], [0x0f],  // groups and wire types that do not exist
            [0x00, 0x00],  // field number 0
            [0x0a, 0x05, 0x61],  // cut
            [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],  // a length of 2^64 - 1
            [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],  // a number of eleven bytes
            [0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x00],  // a key beyond 32 bits
            [0x08, 0x01],  // a number where a text belongs
        ] as [[UInt8]])
    func malformedBytes(_ bytes: [UInt8]) {
        #expect(failure(Run.self, bytes) == .malformed)
    }

    @Test(arguments: [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]] as [[UInt8]])
    func textsMustBeUTF8(_ text: [UInt8]) {
        #expect(failure(Run.self, field(1, text)) == .invalidText)
        #expect(failure(LogEntry.self, field(4, field(1, text))) == .invalidText)
        #expect(failure(SettingValue.self, field(1, text)) == .invalidText)
        #expect(failure(StoredTexts.self, field(1, text)) == .invalidText)
    }

    @Test func textsMustNotHoldNUL() throws {
        #expect(failure(Run.self, field(1, [0x61, 0])) == .nulInText)
        #expect(failure(LogEntry.self, field(4, field(2, [0, 0x61]))) == .nulInText)
        for text in ["\0", "a\0", "\0a", "a\0b"] {
            #expect(throws: MessageError(.nulInText)) { try Run.with { $0.name = text }.encoded() }
            #expect(throws: MessageError(.nulInText)) { try LogEntry.with { $0.fields = [text: ""] }.encoded() }
        }
        let bytes = Request.with { $0.message = [0, 0, 0] }
        #expect(try Request(decoding: bytes.encoded()) == bytes)
    }

    @Test func nestingIsLimited() throws {
        let bytes = try Frame.with {
            $0.body = .end(.with { $0.errorInfo = .with { $0.metadata = ["a": "b"] } })
        }.encoded()
        #expect(failure(Frame.self, bytes, limits: MessageLimits(depth: 4, memory: 1 << 20)) == nil)
        for depth in 0..<4 {
            #expect(failure(Frame.self, bytes, limits: MessageLimits(depth: depth, memory: 1 << 20)) == .tooDeep)
        }
    }

    @Test func nestingBombsAreRefusedOrFlat() throws {
        var bomb: [UInt8] = []
        for _ in 0..<20_000 { bomb = field(1, bomb).count < 1 << 17 ? field(1, bomb) : bomb }
        for (_, type) in allMessages { _ = try probe(type, bomb) }
    }

    @Test func memoryIsLimited() throws {
        let many = 1 << 20
        func empties(_ number: UInt8) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: many * 2)
            for index in stride(from: 0, to: bytes.count, by: 2) { bytes[index] = number << 3 | 2 }
            return bytes
        }
        #expect(failure(StoredConnection.self, empties(7)) == .tooLarge)
        #expect(failure(ListRecordsResponse.self, empties(2)) == .tooLarge)
        #expect(failure(StoredTexts.self, empties(1)) == .tooLarge)
        #expect(failure(LogEntry.self, empties(4)) == .tooLarge)
        let few = Array(repeatElement([0x3a, 0], count: 1000).joined()) as [UInt8]
        #expect(try StoredConnection(decoding: few).entities.count == 1000)
        #expect(failure(StoredConnection.self, few, limits: MessageLimits(depth: 64, memory: 10_000)) == .tooLarge)
    }

    @Test func partsThatAreSentAgainAndAgainStayCheap() throws {
        // Each part is merged with the ones before it, which copies their entities.
        let part = field(2, field(7, []))
        let parts = Array(repeatElement(part, count: 200_000).joined())
        for (_, type) in allMessages { _ = try? again(type, parts) }
    }

    @Test func aFullPageOfOrdinaryRecordsFits() throws {
        let record = Record.with {
            $0.values = (0..<50).map { column in .with { $0.text = "value \(column)" } }
            $0.run = "connections/crm/runs/12"
        }
        let page = ListRecordsResponse.with { $0.records = Array(repeating: record, count: 4_500) }
        let bytes = try page.encoded()
        #expect(bytes.count > 2 << 20 && bytes.count < 4 << 20)
        #expect(try ListRecordsResponse(decoding: bytes) == page)
    }
}
